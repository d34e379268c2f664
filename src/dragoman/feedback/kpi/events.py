"""Events as they are kept: rows of a Delta table, and a line in the audit log for each delivery."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from dragoman.data.sql import database
from dragoman.records import By, KpiEvent
from dragoman.store.base import Catalog
from dragoman.store.tables import DeltaTables

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used
    from pyarrow.dataset import Dataset

__all__ = ["EVENT_TABLE", "EventStore", "events_of", "new_events", "once", "table_of"]

EVENT_TABLE = "kpi-events"
TIMES = ("time", "received")
KNOWN = "SELECT DISTINCT id FROM given SEMI JOIN kept USING (id)"


class EventStore:
    """Keeps events. They are durable when `add` returns; those with one id are one event to all who read them."""

    def __init__(self, tables: DeltaTables, catalog: Catalog) -> None:
        self.tables, self.catalog = tables, catalog

    def add(self, model: str, events: Sequence[KpiEvent], *, by: By) -> None:
        """Keep events of one model's subjects, in one commit. Raises what the stores raise."""
        if not events:
            return
        self.tables.append(EVENT_TABLE, table_of(events))
        content = hashlib.sha256("\n".join(sorted(one.id for one in events)).encode()).hexdigest()
        names = dict(Counter(one.name for one in events))
        detail = {"events": len(events), "names": names, "digest": content}
        self.catalog.audit("events.added", f"models:/{model}", detail=detail, by=by)


def table_of(events: Sequence[KpiEvent]) -> pa.Table:
    """One row per event; times are timestamps in UTC."""
    import pyarrow as pa  # heavy: serving does without it until an event comes

    columns = {}
    for name in KpiEvent.__struct_fields__:
        values = [getattr(one, name) for one in events]
        if name in TIMES:
            times = [datetime.fromisoformat(value) for value in values]
            columns[name] = pa.array(times, pa.timestamp("us", "UTC"))
        else:
            columns[name] = pa.array(values, pa.float64() if name == "value" else pa.string())
    return pa.table(columns)


def events_of(tables: DeltaTables, model: str) -> Dataset | pa.Table:
    """The events of a model's subjects, to be read in parts."""
    from pyarrow import dataset as ds  # heavy: serving does without it

    if tables.latest(EVENT_TABLE) is None:
        return table_of([])
    return tables.dataset(EVENT_TABLE).filter(ds.field("model") == model)


def new_events(tables: DeltaTables, model: str, events: Sequence[KpiEvent]) -> list[KpiEvent]:
    """Those whose id is not kept yet, each once."""
    import pyarrow as pa  # heavy: serving does without it

    given = pa.table({"id": pa.array([one.id for one in events], pa.string())})
    with database({"given": given, "kept": events_of(tables, model)}) as connection:
        known = {id for (id,) in connection.execute(KNOWN).fetchall()}
    return [one for one in once(events) if one.id not in known]


def once(events: Sequence[KpiEvent]) -> list[KpiEvent]:
    """The first event with each id."""
    return list({one.id: one for one in reversed(events)}.values())[::-1]
