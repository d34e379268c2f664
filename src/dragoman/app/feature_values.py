"""Values of a view from its offline source: for keys that somebody names, each at a moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from dragoman.features.offline.sources import EventSources
from dragoman.features.times import moment_of, text_of
from dragoman.features.view import View

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

__all__ = ["key_table", "sample_keys", "values_at"]

AT = "__at__"  # the column of the moments


def values_at(
    view: View, keys: Sequence[Mapping[str, Any]], moments: Sequence[int], sources: EventSources
) -> list[dict[str, Any]]:
    """`VIEW.FEATURE` → value of each key at its moment, in microseconds since 1970; times are ISO 8601 text.

    A key with a part that is None has no events.
    """
    from dragoman.features.offline import join_as_of  # heavy: pyarrow

    rows = key_table(view, keys, moments, sources)
    names = [f"{view.name}.{feature}" for feature in view.features]
    joined = join_as_of(rows, [view], sources, time=AT).select(names)
    return [{name: _plain(value) for name, value in row.items()} for row in joined.to_pylist()]


def key_table(view: View, keys: Sequence[Mapping[str, Any]], moments: Sequence[int], sources: EventSources) -> pa.Table:
    """Keys and moments as the table that is joined; keys have the types that they have in the source."""
    import pyarrow as pa  # heavy: serving does without it

    schema = sources.schema(view)
    columns = {name: _array([key[name] for key in keys], schema.field(name).type) for name in view.entity.keys}
    return pa.table({**columns, AT: pa.array(moments, pa.timestamp("us", "UTC"))})


def sample_keys(view: View, sources: EventSources, count: int) -> list[dict[str, Any]]:
    """Up to so many keys of the source, spread evenly over all of them in their order."""
    import pyarrow as pa  # heavy: serving does without it
    import pyarrow.compute as pc

    names = list(view.entity.keys)
    seen: pa.Table | None = None
    for batch in sources.batches(view, names):
        part = pa.Table.from_batches([batch])
        seen = (part if seen is None else pa.concat_tables([seen, part])).group_by(names).aggregate([])
    if seen is None:
        return []
    for name in names:
        seen = seen.filter(pc.is_valid(seen[name]))
    in_order = seen.sort_by([(name, "ascending") for name in names])
    step = max(len(in_order) / count, 1.0)
    places = [int(number * step) for number in range(min(count, len(in_order)))]
    return list(in_order.take(places).to_pylist())


def _array(values: list[Any], kind: pa.DataType) -> pa.Array:
    """Values as a column of the type, where they are of it; else as they are."""
    import pyarrow as pa  # heavy: as above

    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return pa.array([None if value is None else str(value) for value in values], kind)
    if pa.types.is_integer(kind):
        return pa.array([_whole(value) for value in values], pa.int64())
    return pa.array(values, kind)


def _whole(value: Any) -> int | None:
    """A key that is no whole number is no key of a column of whole numbers."""
    try:
        return None if value is None else int(value)
    except ValueError:
        return None


def _plain(value: Any) -> Any:
    """A value as it is served."""
    if isinstance(value, datetime):
        moment = moment_of(value)
        return None if moment is None else text_of(moment)
    return value
