"""The events of views with all that is known of them now, as if everything had been known when it happened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dragoman.features.offline.sources import EventSources
from dragoman.features.view import View

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

__all__ = ["HindsightSources"]

RANK, PLACE = "__rank__", "__place__"


class HindsightSources:
    """Other sources, in which every event is available when it happens, in its newest version. Implements
    `EventSources`. Events that nobody has learnt of yet (no available time) are none here either.

    Where events have versions, their keys, ids and available times are held in memory while they are read.
    """

    def __init__(self, sources: EventSources) -> None:
        self.sources = sources

    def schema(self, view: View) -> pa.Schema:
        return self.sources.schema(view)

    def number(self, view: View) -> int:
        return self.sources.number(view)

    def batches(self, view: View, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        available, time = view.source.available, view.source.time
        if available is None:
            yield from self.sources.batches(view, columns)
            return
        read = list(dict.fromkeys([*columns, available, time]))
        newest = self._newest(view) if view.source.id else None
        place = 0
        for batch in self.sources.batches(view, read):
            kept = batch if newest is None else batch.filter(newest.slice(place, batch.num_rows))
            place += batch.num_rows
            yield _known_at_once(kept, available, time).select(list(columns))

    def _newest(self, view: View) -> pa.Array:
        """Of each row of the source, whether it is the newest version of its event."""
        import pyarrow as pa  # heavy: serving does without it
        import pyarrow.compute as pc

        id, available = str(view.source.id), str(view.source.available)
        event = [*view.entity.keys, id]
        columns = list(dict.fromkeys([*event, available]))
        rows = pa.Table.from_batches(
            self.sources.batches(view, columns),
            schema=pa.schema([self.schema(view).field(name) for name in columns]),
        )
        places = pa.array(range(len(rows)), pa.int64())
        versions = rows.append_column(PLACE, places).filter(pc.is_valid(rows[available]))
        versions = versions.sort_by([(available, "ascending"), (PLACE, "ascending")])
        versions = versions.append_column(RANK, pa.array(range(len(versions)), pa.int64()))
        last = versions.group_by(event).aggregate([(RANK, "max")])[f"{RANK}_max"]
        alone = pc.or_(pc.is_null(rows[id]), pc.is_null(rows[available]))
        return pc.or_(alone, pc.is_in(places, versions[PLACE].take(last).combine_chunks())).combine_chunks()


def _known_at_once(batch: pa.RecordBatch, available: str, time: str) -> pa.RecordBatch:
    import pyarrow as pa  # heavy: as above
    import pyarrow.compute as pc

    unknown = pc.is_null(batch.column(available))
    moments = pc.if_else(unknown, pa.scalar(None, batch.column(time).type), batch.column(time))
    columns = [moments if name == available else batch.column(name) for name in batch.schema.names]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)
