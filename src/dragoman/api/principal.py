"""Who asks: set for the time of a request, read wherever it is decided what a caller sees or may do."""

from __future__ import annotations

from contextvars import ContextVar
from typing import NamedTuple

from dragoman.api.abilities import ROLES, Ability
from dragoman.errors import Forbidden
from dragoman.records import ApiKey
from dragoman.serving.context import set_for
from dragoman.serving.suggestion import shown

__all__ = ["ACTOR", "ANYBODY", "STRANGER", "Principal", "acting_as", "asking", "name_in", "principal_of"]

ACTOR = "dragoman.actor"  # key of a scope: the holder of the request's key, as the audit log names it


class Principal(NamedTuple):
    """A caller, with what it may do and with which models."""

    actor: str  # as the audit log names it
    abilities: frozenset[Ability]
    models: frozenset[str] | None = None  # None: all
    id: str = ""  # of its key
    role: str = ""
    name: str = ""  # that the key was given

    def check(self, ability: Ability) -> None:
        """Raises `Forbidden` for what it may not do."""
        if ability not in self.abilities:
            raise Forbidden(
                f"A key with the role {self.role} may not {ability.value}.",
                help=f"use a key that may: {who_may(ability)}.",
            )

    def sees(self, model: str) -> bool:
        """Whether a model, by its name, is one of its own."""
        return self.models is None or model in self.models

    def check_model(self, reference: str) -> None:
        """Raises `Forbidden` unless a model, `name`, `name@alias` or `name/version`, is one of its own.

        Whether there is such a model does not show.
        """
        if not self.sees(name := name_in(reference)):
            raise Forbidden(
                f"The key is not for the model {shown(name)}.", help="GET /v1/models lists those it is for."
            )

    def check_everything(self) -> None:
        """Raises `Forbidden` for a caller with models of its own, where others would show."""
        if self.models is not None:
            raise Forbidden("The key is for some models only; this is about all.", help="use a key without models.")


SERVER = Principal("server", frozenset(Ability))
ANYBODY = Principal("anybody", frozenset(Ability))  # of a server that is open
STRANGER = Principal("stranger", frozenset(), frozenset())

# Outside of a request it is the server itself that asks, to warm a model or to copy a request.
ASKING: ContextVar[Principal] = ContextVar("asking", default=SERVER)


def asking() -> Principal:
    """Who asks now."""
    return ASKING.get()


def acting_as(principal: Principal) -> set_for[Principal]:
    """Around a request, in whatever tasks and threads it is worked on."""
    return set_for(ASKING, principal)


def principal_of(key: ApiKey) -> Principal:
    models = frozenset(key.models) if key.models else None
    return Principal(f"{key.name} (key {key.id})", ROLES[key.role], models, key.id, key.role, key.name)


def name_in(reference: str) -> str:
    """The name in a reference, read as the table of models reads it."""
    return reference.partition("@" if "@" in reference else "/")[0]


def who_may(ability: Ability) -> str:
    return " or ".join(role for role, abilities in ROLES.items() if ability in abilities)
