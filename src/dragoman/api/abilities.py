"""What a caller may do, and which role may do what.

The roles are no ladder. Who operates may not approve, and who approves may not operate, so that two people can be asked
for. Who operates may predict: whoever chooses the version that answers can ask it as well.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

from dragoman.records import Role

__all__ = ["ROLES", "Ability", "Need", "need_of", "needs"]

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])

NEED = "dragoman_need"  # the attribute of an endpoint


class Ability(enum.Enum):
    """One kind of request. A key with models has its ability for these only."""

    SEE = "see the models it may be used for"
    PREDICT = "ask models"
    LABEL = "send labels and reviews"
    LOOK = "look at metrics, statistics, releases, alerts and their evidence"
    OPERATE = "load and unload models; start and roll back releases; silence alerts"
    APPROVE = "approve releases"
    ADMINISTER = "change who may do what"


ROLES: Mapping[Role, frozenset[Ability]] = {
    "viewer": frozenset({Ability.SEE, Ability.LOOK}),
    "caller": frozenset({Ability.SEE, Ability.PREDICT}),
    "labeler": frozenset({Ability.SEE, Ability.LABEL}),
    "operator": frozenset({Ability.SEE, Ability.PREDICT, Ability.LOOK, Ability.OPERATE}),
    "approver": frozenset({Ability.SEE, Ability.LOOK, Ability.APPROVE}),
    "admin": frozenset(Ability),
}


class Need(NamedTuple):
    """What an endpoint asks of its callers; `ability` None: nothing.

    A caller with models of its own reaches an endpoint about one of them, whose path has the model's name, and those
    that say that they keep to the caller's models themselves.
    """

    ability: Ability | None
    keeps_scope: bool = False


def needs(ability: Ability | None, *, keeps_scope: bool = False) -> Callable[[Endpoint], Endpoint]:
    """Mark an endpoint, or a method of gRPC, with its `Need`."""

    def mark(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, NEED, Need(ability, keeps_scope))
        return endpoint

    return mark


def need_of(endpoint: Callable[..., Any]) -> Need | None:
    """What an endpoint is marked with."""
    found: Need | None = getattr(endpoint, NEED, None)
    return found
