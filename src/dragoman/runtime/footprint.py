"""How much memory the weights of a session take."""

from __future__ import annotations

from typing import NamedTuple

from dragoman.runtime.base import Session

__all__ = ["Footprint", "footprint_of"]


class Footprint(NamedTuple):
    """Bytes of weights in the form that they are run in; work memory comes on top."""

    own: int = 0
    shared: tuple[tuple[int, int], ...] = ()  # tables that other sessions use too: identity, bytes


def footprint_of(session: Session) -> Footprint:
    """What a session says it takes; nothing for one that does not say."""
    found = getattr(session, "footprint", None)
    return found if isinstance(found, Footprint) else Footprint()
