"""From the source of a view to its online rows: all of them beside those that serve, or those that changed."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from dragoman.errors import Conflict
from dragoman.features.offline.sources import EventSources
from dragoman.features.online.added import added_rows
from dragoman.features.online.asking import this_moment
from dragoman.features.online.building import Builder, overtaken
from dragoman.features.online.formulas import Formulas, formulas_of
from dragoman.features.online.marks import Building, Mark, decoded, encoded, mark_of, namespace_of
from dragoman.features.online.sorted_events import Entity, SortedEvents
from dragoman.features.online.watermarks import watermark
from dragoman.features.source_types import types_of
from dragoman.records import AppliedView, Watermark
from dragoman.store.online import OnlineStore, Row

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

__all__ = ["Progress", "materialize"]

MEMORY = 400_000_000  # bytes that the sorting of events may hold
KEYS = 500  # entities of one step
EVENTS = 50_000  # about as many of one step, where entities have many


class Progress(NamedTuple):
    """How far a materialization is: `rows` of the source are read, of `keys` entities the rows are written."""

    doing: str  # "reading" or "writing"
    rows: int = 0
    keys: int = 0
    share: float | None = None  # of the entities' events that are written, where it can be told


Report = Callable[[Progress], None]


def materialize(
    view: AppliedView,
    sources: EventSources,
    store: OnlineStore,
    *,
    now: int | None = None,
    full: bool = False,
    memory: int = MEMORY,
    report: Report = lambda progress: None,
) -> Watermark:
    """Make the online rows of a view know its source as it is.

    Where the source has the rows of the last time and more, the rows of those entities that have new ones are made
    again; `full`, and anything else, makes all rows beside those that serve, and then these instead. When it is
    killed, whole rows serve, old ones or new ones, and running it again goes on. `now`, in microseconds, is when events
    of the future are told from others; this moment by default. `memory` is in bytes.

    Raises `Conflict` if another materialization of the view begins or the source's columns have other types than when
    the view was applied, and what source and store raise.
    """
    _require_types(formulas_of(view), sources)
    moment = this_moment() if now is None else now
    _Materializing(view, sources, store, now=moment, memory=memory, report=report).run(full=full)
    found = watermark(view, store)
    assert found is not None  # the mark was written
    return found


class _Materializing:
    """One run. `token` is in the mark as long as no other run has begun."""

    def __init__(
        self, view: AppliedView, sources: EventSources, store: OnlineStore, *, now: int, memory: int, report: Report
    ) -> None:
        self.view, self.sources, self.store, self.now, self.memory = view, sources, store, now, memory
        self.formulas, self.report = formulas_of(view), report
        self.number = sources.number(self.formulas.view)
        self.token = secrets.token_hex(8)

    def run(self, *, full: bool) -> None:
        """Make the rows, and then the mark that says so."""
        mark, source = self._mark(), self.formulas.view
        since = None if full or not mark.generation else mark.number
        added = None if since is None else added_rows(self.sources, source, source.entity.keys, since=since)
        if added is None:
            self._whole(full=full)
        else:
            self._changed(mark, self._events(added) if since != self.number else None)
        self._clear()

    # All rows

    def _whole(self, *, full: bool) -> None:
        mark = self._change(lambda found: self._begun(found, full=full))
        assert mark.building is not None  # it was begun
        events, target = self._events(), mark.building.generation
        builder = self._builder(target=target, pushed=mark.generation)
        self._write(builder, events, mark.building.cursor)
        if mark.generation:
            for keys in self.store.keys(builder.old):
                builder.carry(keys, events.available)
        rows = {one.name: one.rows for one in self.store.namespaces()}.get(builder.rows, 0)
        self._finish(events.available, rows=rows, generation=target)

    def _begun(self, mark: Mark, *, full: bool) -> Mark:
        """The generation that is being made already, if it is of the same version of a dataset; or the next one."""
        old = mark.building
        if old is None or full or not self.formulas.view.source.dataset or old.number != self.number:
            newest = max(mark.generation, old.generation if old else 0)
            old = Building(generation=newest + 1, number=self.number)
        return msgspec.structs.replace(mark, building=old, builder=self.token)

    # Changed rows

    def _changed(self, mark: Mark, events: SortedEvents | None) -> None:
        """Of None nothing has changed since the last time."""

        def begun(found: Mark) -> Mark:
            if (found.generation, found.number) != (mark.generation, mark.number):
                raise overtaken(self.view)
            return msgspec.structs.replace(found, building=None, builder=self.token)

        self._change(begun)
        new, known = 0, [mark.available]
        if events is not None:
            new = self._write(self._builder(target=mark.generation, pushed=mark.generation), events, None)
            known.append(events.available)
        newest = max((moment for moment in known if moment is not None), default=None)
        self._finish(newest, rows=mark.rows + new, generation=mark.generation)

    # Steps

    def _write(self, builder: Builder, events: SortedEvents, after: str | None) -> int:
        """Write the rows of all entities after a key; returns how many are new."""
        new = keys = written = 0
        entities = events.after(after)
        while batch := dict(_some(entities)):
            new += builder.write(batch, events.available)
            keys += len(batch)
            written += sum(map(len, batch.values()))
            is_all = events.changed is None and after is None
            self.report(Progress("writing", events.rows, keys, written / events.rows if is_all else None))
        return new

    def _finish(self, available: int | None, *, rows: int, generation: int) -> None:
        """The rows serve from here on."""
        values = {"generation": generation, "number": self.number, "available": available, "rows": rows}

        def done(mark: Mark) -> Mark:
            if mark.builder != self.token:
                raise overtaken(self.view)
            return msgspec.structs.replace(mark, **values, written=self.now, building=None)

        self._change(done)

    def _clear(self) -> None:
        """Drop the rows of generations that neither serve nor are being made."""
        mark, prefix = self._mark(), namespace_of(self.view, "")
        needed = [mark.generation, *([mark.building.generation] if mark.building else [])]
        for one in self.store.namespaces():
            if one.name.startswith(prefix) and one.name not in [namespace_of(self.view, number) for number in needed]:
                self.store.drop(one.name)

    def _mark(self) -> Mark:
        (row,) = self.store.read([mark_of(self.view)])
        return decoded(row, Mark) or Mark()

    def _change(self, change: Callable[[Mark], Mark]) -> Mark:
        """Replace the mark; returns the new one."""
        made = Mark()

        def changed(found: list[Row | None]) -> list[Row | None]:
            nonlocal made
            made = change((decoded(found[0].served, Mark) if found[0] else None) or Mark())
            return [encoded(made)]

        self.store.update([mark_of(self.view)], changed)
        return made

    def _events(self, added: Iterator[pa.RecordBatch] | None = None) -> SortedEvents:
        def read(rows: int) -> None:
            self.report(Progress("reading", rows))

        return SortedEvents(self.formulas, self.sources, memory=self.memory, changed=added, read=read)

    def _builder(self, *, target: int, pushed: int) -> Builder:
        return Builder(self.view, self.store, token=self.token, target=target, pushed=pushed, now=self.now)


def _some(entities: Iterator[Entity]) -> Iterator[Entity]:
    """As many as one step takes."""
    events = 0
    for entity in itertools.islice(entities, KEYS):
        yield entity
        events += len(entity[1])
        if events >= EVENTS:
            return


def _require_types(formulas: Formulas, sources: EventSources) -> None:
    found = types_of(sources.schema(formulas.view))
    for name in formulas.view.columns_read:
        if (was := formulas.types.get(name)) != (now := found.get(name)):
            raise Conflict(
                f"The column '{name}' of '{formulas.view.source.name}' has the type {now}; it was {was} when the view "
                f"'{formulas.view.name}' was applied.",
                help="Run `dragoman features apply`, then materialize.",
            )
