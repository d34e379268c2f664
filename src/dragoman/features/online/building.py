"""Writes the rows of a view from its source, some entities at a time, beside those who push and those who read."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import msgspec

from dragoman.errors import Conflict
from dragoman.features.online.formulas import formulas_of
from dragoman.features.online.history import Version, insert
from dragoman.features.online.marks import Mark, decoded, encoded, mark_of, namespace_of
from dragoman.features.online.rows import read_kept
from dragoman.features.online.state import State
from dragoman.records import AppliedView
from dragoman.store.online import OnlineStore, Row

__all__ = ["Builder", "overtaken"]


class Builder:
    """One materialization of a view. `token` is in the mark: who finds another one there has been overtaken.

    Rows are of `target`, a generation. What was pushed is taken from `pushed`, the generation that serves: who pushes
    writes to both.
    """

    def __init__(
        self, view: AppliedView, store: OnlineStore, *, token: str, target: int, pushed: int, now: int
    ) -> None:
        self.view, self.formulas, self.store, self.now = view, formulas_of(view), store, now
        self.token, self.target = token, target
        self.rows, self.old = namespace_of(view, target), namespace_of(view, pushed or target)

    def write(self, entities: Mapping[str, Sequence[Version]], available: int | None) -> int:
        """Write the rows of some entities as one step; returns how many of them are new.

        `available` is the newest available time that the source has. Raises `Conflict` if another materialization of
        the view has begun.
        """
        states = {key: State.of_events(self.formulas, versions, now=self.now) for key, versions in entities.items()}
        ready = {key: state.row(self.now) for key, state in states.items()}
        last = max(entities)
        new = 0

        def change(found: list[Row | None]) -> list[Row | None]:
            nonlocal new
            mark, rows, old = self._mine(found[0]), found[1 : len(ready) + 1], found[-len(ready) :]
            new = rows.count(None)
            merged = [
                self._merged(entities[key], ready[key], row, available) for key, row in zip(ready, old, strict=True)
            ]
            if mark.building:
                mark = msgspec.structs.replace(mark, building=msgspec.structs.replace(mark.building, cursor=last))
            return [encoded(mark), *merged, *(old if self.old != self.rows else ())]

        pairs = [mark_of(self.view), *((self.rows, key) for key in ready)]
        self.store.update(pairs + [(self.old, key) for key in ready if self.old != self.rows], change)
        return new

    def carry(self, keys: Sequence[str], available: int | None) -> int:
        """Copy what was only ever pushed of some entities; returns of how many."""
        there = self.store.read([(self.rows, key) for key in keys])
        missing = [key for key, row in zip(keys, there, strict=True) if row is None]
        copied = 0

        def change(found: list[Row | None]) -> list[Row | None]:
            nonlocal copied
            self._mine(found[0])
            rows, old = found[1 : len(missing) + 1], found[len(missing) + 1 :]
            kept = [row or self._only_pushed(one, available) for row, one in zip(rows, old, strict=True)]
            copied = sum(one is not None for one in kept)
            return [found[0], *kept, *old]

        pairs = [mark_of(self.view), *((space, key) for space in (self.rows, self.old) for key in missing)]
        if missing:
            self.store.update(pairs, change)
        return copied

    def _mine(self, row: Row | None) -> Mark:
        mark = decoded(row.served, Mark) if row else None
        if mark is None or mark.builder != self.token:
            raise overtaken(self.view)
        return mark

    def _merged(self, versions: Sequence[Version], ready: Row, old: Row | None, available: int | None) -> Row:
        """The row of the source's events, with those pushed ones that the source has not got yet."""
        known = {(one.id, one.available) for one in versions}
        pushed = [one for one in _pushed(old, available) if one.id is None or (one.id, one.available) not in known]
        if not pushed:
            return ready
        both = list(versions)
        for one in pushed:
            insert(both, one)
        return State.of_events(self.formulas, both, now=self.now).row(self.now)

    def _only_pushed(self, old: Row | None, available: int | None) -> Row | None:
        pushed = _pushed(old, available)
        return State.of_events(self.formulas, pushed, now=self.now).row(self.now) if pushed else None


def overtaken(view: AppliedView) -> Conflict:
    """The error of a run that another one has overtaken."""
    return Conflict(f"Another materialization of the view '{view.name}' has begun.", help="Let that one finish.")


def _pushed(row: Row | None, available: int | None) -> list[Version]:
    """The pushed versions of a row that the source need not have yet.

    Where there are ids, these tell. Without one, what was known later than all that the source has counts on.
    """
    versions = read_kept(row.kept).versions if row else ()
    later = -math.inf if available is None else available
    return [one for one in versions if one.pushed and (one.id is not None or one.available > later)]
