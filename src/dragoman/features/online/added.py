"""What a version of a dataset has more than an earlier one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from dragoman.features.offline.sources import EventSources
from dragoman.features.view import View
from dragoman.store.tables import DeltaTables

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

__all__ = ["added_rows"]


@runtime_checkable
class _OverTables(Protocol):
    """Sources whose datasets are Delta tables."""

    tables: DeltaTables


def added_rows(
    sources: EventSources, view: View, columns: Sequence[str], *, since: int
) -> Iterator[pa.RecordBatch] | None:
    """The rows that the view's dataset has got since a version, with these columns.

    None where that cannot be told: the source is files, or rows of the earlier version were changed or removed.
    """
    name = view.source.dataset
    if not name or not isinstance(sources, _OverTables) or since > sources.number(view):
        return None
    before, after = (sources.tables.dataset(name, version=number) for number in (since, sources.number(view)))
    if not set(before.files) <= set(after.files):
        return None
    return _rows(after, set(after.files) - set(before.files), columns)


def _rows(dataset: pa.dataset.Dataset, files: set[str], columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    for fragment in dataset.get_fragments():
        if fragment.path in files:
            yield from fragment.to_batches(schema=dataset.schema, columns=list(columns))
