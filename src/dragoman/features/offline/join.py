"""The point-in-time join: to each row the values that its features had at the time of the row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from dragoman.errors import InvalidData, InvalidInput
from dragoman.features.expressions import Aggregate
from dragoman.features.offline.events import EventSlice
from dragoman.features.offline.folds import Folds
from dragoman.features.offline.formulas import Formulas
from dragoman.features.offline.keys import code_keys, require_same_kinds
from dragoman.features.offline.points import Ints, Points
from dragoman.features.offline.reading import read_events
from dragoman.features.offline.sources import EventSources
from dragoman.features.times import moments_of
from dragoman.features.view import View

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

__all__ = ["MEMORY", "join_as_of"]

MEMORY = 2_000_000_000
LEAST_MEMORY = 200_000_000
SLICE = 100_000_000  # bytes of arrays at a time: more is not faster


def join_as_of(
    rows: pa.Table, views: Sequence[View], sources: EventSources, *, time: str, memory: int = MEMORY
) -> pa.Table:
    """The rows, in their order, with a column `VIEW.FEATURE` for each feature of the views.

    `time` is the column of when each row was to be answered: what was not known then is left out. `memory`, in
    bytes, is what is aimed at beside the rows themselves; what does not fit goes to a temporary folder. A time comes as
    a timestamp of UTC in microseconds. Raises `InvalidData` for rows or events that do not fit the views, and what the
    sources raise.
    """
    if memory < LEAST_MEMORY:
        raise InvalidInput(f"The memory for a join is {memory} bytes.", help=f"Give {LEAST_MEMORY} or more.")
    moments = _moments_of(rows, time)
    joined = rows
    for view in views:
        for name, column in _features_of(rows, moments, view, sources, memory).items():
            if name in joined.column_names:
                raise InvalidData(f"The rows have a column '{name}' already.", help="Rename it, or leave the view out.")
            joined = joined.append_column(name, column)
    return joined


def _moments_of(rows: pa.Table, time: str) -> Ints:
    import pyarrow as pa  # heavy: serving does without it

    if time not in rows.column_names:
        raise InvalidData(f"The rows have no column '{time}'.", help="Name the column of the time of each row.")
    column = rows[time].combine_chunks()
    if column.null_count:
        raise InvalidData(f"{column.null_count} rows have no '{time}'.", help="Fill it: a feature is as of a time.")
    return np.asarray(moments_of(column, time).cast(pa.int64()), dtype=np.int64)


def _features_of(
    rows: pa.Table, moments: Ints, view: View, sources: EventSources, memory: int
) -> Mapping[str, pa.ChunkedArray]:
    """The columns of one view, by their full names."""
    import pyarrow as pa  # heavy: serving does without it

    schema = sources.schema(view)
    formulas = Formulas(view, schema)
    require_same_kinds(rows.schema, schema, view.entity.keys, view=view.name)
    keys = code_keys(rows, view.entity.keys)
    points, numbers = Points.of(keys.codes, moments, keys=keys.size + 1)
    until = int(moments.max(initial=0))
    with read_events(view, sources, keys, formulas.values, until=until, memory=memory // 2) as events:
        parts = [_aggregates(formulas, part) for part in events.slices(points, memory=min(memory // 4, SLICE))]
    aggregates = {one: pa.chunked_array([part[one] for part in parts]) for one in parts[0]}
    features = formulas.features(aggregates, points.moments).take(pa.array(numbers))
    return {f"{view.name}.{name}": features[name] for name in features.column_names}


def _aggregates(formulas: Formulas, events: EventSlice) -> dict[Aggregate, pa.Array]:
    """Each aggregate at the points of a slice."""
    found = {}
    for asked, part in events.parts(formulas.asked):
        folds = Folds(part)
        for aggregate in formulas.asked[asked]:
            found[aggregate] = folds.fold(aggregate.kind)
    return found
