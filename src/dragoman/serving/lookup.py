"""The contract of the online store of features, as serving sees it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from dragoman.records import Key, PinnedView

__all__ = ["FakeLookup", "FeatureLookup", "Found", "Lookups", "Wanted"]


class Wanted(NamedTuple):
    """Whose features an input needs: those of one entity, in some views."""

    views: tuple[str, ...]
    key: Key


class Found(NamedTuple):
    """The features of an entity."""

    values: Mapping[str, Any]  # `VIEW.FEATURE` → value, of every feature of the views; None where it is null
    known: bool = True  # whether the store has rows of the key; without, the values are those of one without events
    age: float | None = None  # seconds since the newest event that the store has taken in, over the views


class FeatureLookup(Protocol):
    """Finds the features of entities as they are now. Safe to share between threads."""

    @property
    def waits(self) -> bool:
        """Whether it may wait for a disk or a network: then it is not asked on an event loop."""
        ...

    def find(self, asked: Sequence[Wanted], now: int) -> Sequence[Found]:
        """One answer for each, in order, in one round trip. `now` is in microseconds since 1970, UTC.

        A key that the store does not know is answered as one without events. Raises `InvalidRequest` for a key that
        does not fit the entity of a view, and whatever it likes where it cannot answer: the request is then answered
        with 503.
        """
        ...


Lookups = Callable[[Sequence[PinnedView]], FeatureLookup]
"""Makes the look-up of a model from the views that it was trained with. What it raises, loading the model raises."""


class FakeLookup:
    """Features in a dictionary, for tests: by view and by the key as text."""

    def __init__(self, rows: Mapping[str, Mapping[str, Mapping[str, Any]]], *, waits: bool = False) -> None:
        self.rows, self.waits = rows, waits
        self.asked: list[tuple[list[Wanted], int]] = []

    def find(self, asked: Sequence[Wanted], now: int) -> list[Found]:
        self.asked.append((list(asked), now))
        return [self._find(one) for one in asked]

    def _find(self, wanted: Wanted) -> Found:
        values: dict[str, Any] = {}
        known = False
        for view in wanted.views:
            rows = self.rows[view]
            found = rows.get(str(wanted.key))
            known = known or found is not None
            features = found or dict.fromkeys(name for row in rows.values() for name in row)
            values |= {f"{view}.{name}": value for name, value in features.items()}
        return Found(values, known)
