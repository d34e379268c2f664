"""Events that come by themselves, as they happen: one step of the online row of their entity each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from dragoman.errors import InvalidData, InvalidInput, Unavailable
from dragoman.features.online.asking import this_moment
from dragoman.features.online.formulas import Formulas, formulas_of
from dragoman.features.online.history import Version
from dragoman.features.online.keys import key_text
from dragoman.features.online.marks import Latest, Mark, decoded, encoded, latest_of, mark_of, namespace_of
from dragoman.features.online.state import State
from dragoman.features.times import moment_of
from dragoman.records import AppliedView
from dragoman.store.online import OnlineStore, Pair, Row

__all__ = ["Pushed", "push"]

ATTEMPTS = 20  # while generations change
KEYS = 100  # of one step


class Pushed(NamedTuple):
    """What became of some events."""

    events: int
    keys: int  # entities that they are of
    repeated: int  # events that were known before
    available: int | None  # the newest available time among them, microseconds


class _Moved(Exception):
    """Another generation serves, or is being made."""


def push(
    view: AppliedView, events: Iterable[Mapping[str, Any]], store: OnlineStore, *, now: int | None = None
) -> Pushed:
    """Make online rows know some events, each a mapping of the source's columns.

    Times are datetimes or ISO 8601 text; one whose available time is missing is available now. An event whose id was
    pushed before, with the same available time, changes nothing; one without an id counts each time that it is pushed.
    All events are read before the first is written, and those of one entity are written together.

    Raises `InvalidData` with the number of an event that cannot be read (the first is 1), and as the store does. After
    such an error of the store some entities may know their events; pushing all again is right where they have ids.
    """
    moment, formulas = this_moment() if now is None else now, formulas_of(view)
    by_key: dict[str, list[Version]] = {}
    count = 0
    for count, event in enumerate(events, 1):
        key, one = _read(formulas, event, count, moment)
        by_key.setdefault(key, []).append(one)
    keys, repeated = list(by_key), 0
    for start in range(0, len(keys), KEYS):
        repeated += _written(view, {key: by_key[key] for key in keys[start : start + KEYS]}, store, moment)
    newest = max((one.available for versions in by_key.values() for one in versions), default=None)
    if newest is not None:
        store.update([latest_of(view)], lambda found: [_newer(found[0], newest, moment)])
    return Pushed(count, len(keys), repeated, newest)


def _newer(found: Row | None, available: int, now: int) -> Row:
    known = decoded(found.served, Latest) if found else None
    return encoded(Latest(available=max(available, known.available if known else available), written=now))


# Reading ------------------------------------------------------------------------------------------------------------


def _read(formulas: Formulas, event: Mapping[str, Any], number: int, now: int) -> tuple[str, Version]:
    """The key and the version of an event."""
    try:
        return _version(formulas, event, now)
    except (InvalidData, InvalidInput) as error:
        raise InvalidData(f"Event {number}: {error.message}", help=error.help) from None


def _version(formulas: Formulas, event: Mapping[str, Any], now: int) -> tuple[str, Version]:
    source, keys = formulas.view.source, formulas.view.entity.keys
    row = {name: _moment(value) if formulas.types.get(name) == "time" else value for name, value in event.items()}
    key, time = key_text(keys, {name: row.get(name) for name in keys}), row.get(source.time)
    if key is None:
        missing = ", ".join(f"'{name}'" for name in keys if row.get(name) is None)
        raise InvalidData(f"the key {missing} is missing.", help="An event is of one entity; send its whole key.")
    if time is None:
        raise InvalidData(f"the time '{source.time}' is missing.", help="Send when it happened.")
    available = time
    if source.available:
        given = row.get(source.available)
        row[source.available] = available = now if given is None else given
    id = key_text([source.id], row.get(source.id)) if source.id else None
    return key, Version(time, available, id, True, formulas.values_of(row))


def _moment(value: Any) -> int | None:
    """A whole number is refused: it could be seconds or milliseconds."""
    if value is None or isinstance(value, str | date):
        return moment_of(value)
    raise InvalidData(f"{value!r} is no time.", help="Send times as ISO 8601 text, such as 2026-03-01T12:00:00Z.")


# Writing ------------------------------------------------------------------------------------------------------------


def _written(view: AppliedView, by_key: Mapping[str, Sequence[Version]], store: OnlineStore, now: int) -> int:
    """Write the events of some entities as one step; returns how many were known."""
    for _ in range(ATTEMPTS):
        (row,) = store.read([mark_of(view)])
        mark = decoded(row, Mark) or Mark()
        step = _Step(view, by_key, mark, now)
        try:
            store.update(step.pairs, step.change)
        except _Moved:
            continue
        return step.repeated
    raise Unavailable("The rows that serve change all the time.", help="Push the events again.")


class _Step:
    """One change of the rows of some entities: of those that serve, and of those that are being made."""

    def __init__(self, view: AppliedView, by_key: Mapping[str, Sequence[Version]], mark: Mark, now: int) -> None:
        self.formulas, self.by_key, self.now, self.repeated = formulas_of(view), by_key, now, 0
        self.before = mark
        self.mark = mark if mark.generation or mark.building else Mark(generation=1, written=now)
        generations = [self.mark.generation] if self.mark.generation else []
        generations += [self.mark.building.generation] if self.mark.building else []
        spaces = [namespace_of(view, generation) for generation in generations]
        self.pairs: list[Pair] = [mark_of(view), *((space, key) for space in spaces for key in by_key)]

    def change(self, found: list[Row | None]) -> list[Row | None]:
        """The rows with the events; the mark, which says where the rows are, must be what it was."""
        known = decoded(found[0].served, Mark) if found[0] else None
        if _generations(known or Mark()) != _generations(self.before):
            raise _Moved
        count = len(self.by_key)
        seeds = [
            *found[1 : count + 1],
            *(row or self._seed(old) for row, old in zip(found[count + 1 :], found[1:], strict=False)),
        ]
        changed = [self._pushed(key, row) for (_, key), row in zip(self.pairs[1:], seeds, strict=True)]
        self.repeated = sum(repeated for _, repeated in changed[:count])
        return [found[0] if known else encoded(self.mark), *(row for row, _ in changed)]

    def _seed(self, serving: Row | None) -> Row | None:
        """What a row that is not made yet must not lose: all that was pushed before."""
        versions = [one for one in State.from_row(self.formulas, serving).versions if one.pushed] if serving else []
        return State.of_events(self.formulas, versions, now=self.now).row(self.now) if versions else None

    def _pushed(self, key: str, row: Row | None) -> tuple[Row | None, int]:
        """The row with the events, and how many of them it knew."""
        state = State.from_row(self.formulas, row) if row else State(self.formulas)
        changed = [state.push(one, now=self.now) for one in self.by_key[key]]
        return (state.row(self.now) if any(changed) else row), changed.count(False)


def _generations(mark: Mark) -> tuple[int, int | None]:
    return mark.generation, mark.building.generation if mark.building else None
