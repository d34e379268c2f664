"""The events of views: where the point-in-time join and the online store read them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import unquote

from dragoman.data.columns import require_columns
from dragoman.errors import DragomanError, InvalidData, InvalidInput, NotFound, Untrusted
from dragoman.features.offline.event_files import EventFiles
from dragoman.features.times import moments_of
from dragoman.features.view import View
from dragoman.store.tables import DeltaTables

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used
    from pyarrow.dataset import Dataset

__all__ = ["EventSources", "WorkspaceSources"]

BATCH_ROWS = 131_072


class EventSources(Protocol):
    """The rows of the views' sources. What is read twice is the same."""

    def schema(self, view: View) -> pa.Schema:
        """The columns of the view's source; those of its times are times of UTC in microseconds, whatever they are
        stored as. Raises `NotFound` without a source, and `InvalidData` for one that has not got the view's columns.
        """

    def batches(self, view: View, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """The rows with these columns, in the source's own order, in bounded memory.

        Raises as `schema` does, `InvalidData` for a time that is none, and `Untrusted` for changed files.
        """

    def number(self, view: View) -> int:
        """The version of the dataset that is read; 0 for files."""


class WorkspaceSources:
    """Datasets of a workspace, each at one version, and files below its folder. Implements `EventSources`.

    `versions` pins datasets: name → version. Any other is read as it is when it is first asked for, and stays so.
    """

    def __init__(self, tables: DeltaTables, root: Path, *, versions: Mapping[str, int] | None = None) -> None:
        self.tables, self.root = tables, root
        self._versions = dict(versions or {})
        self._files: dict[str, EventFiles] = {}

    def number(self, view: View) -> int:
        name = view.source.dataset
        if not name:
            return 0
        if name not in self._versions:
            if (latest := self.tables.latest(name)) is None:
                raise NotFound(
                    f"The view '{view.name}' reads the dataset '{name}', which is not there.",
                    help=f"`dragoman data ingest {name}` makes it.",
                )
            self._versions[name] = latest
        return self._versions[name]

    def schema(self, view: View) -> pa.Schema:
        import pyarrow as pa  # heavy: serving does without it

        found = self._dataset(view).schema if view.source.dataset else self._files_of(view).schema()
        _require(view, found)
        wanted = pa.timestamp("us", "UTC")
        return pa.schema([field.with_type(wanted) if field.name in view.source.times else field for field in found])

    def batches(self, view: View, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        self.schema(view)
        for batch in self._stored(view, columns) if view.source.dataset else self._files_of(view).batches():
            yield _with_times(batch.select(list(columns)), view)

    def _stored(self, view: View, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa  # heavy: serving does without it

        try:
            yield from self._dataset(view).to_batches(columns=list(columns), batch_size=BATCH_ROWS)
        except (OSError, pa.ArrowInvalid):
            raise Untrusted(
                f"Version {self.number(view)} of the dataset '{view.source.dataset}' cannot be read: its files were "
                "changed.",
                help="Restore the table from a backup, or ingest the sources again.",
            ) from None

    def _dataset(self, view: View) -> Dataset:
        """The version, its files in the order in which they were added: of rows alike in time, the later one counts."""
        from deltalake import DeltaTable  # heavy: serving does without it
        from pyarrow import dataset as ds  # heavy: as above
        from pyarrow import table

        name, number = view.source.dataset, self.number(view)
        found = self.tables.dataset(name, version=number)
        added = table(DeltaTable(self.tables.root / name, version=number).get_add_actions(flatten=True))
        times = {unquote(row["path"]): row["modification_time"] for row in added.to_pylist()}
        fragments = sorted(found.get_fragments(), key=lambda one: (times.get(one.path, 0), one.path))
        return ds.FileSystemDataset(fragments, found.schema, found.format, found.filesystem)

    def _files_of(self, view: View) -> EventFiles:
        key = repr(view.source)
        return self._files.setdefault(key, EventFiles(view.source, self.root))


def _require(view: View, schema: pa.Schema) -> None:
    try:
        require_columns(view.columns_read, schema)
    except InvalidInput as error:
        raise InvalidData(
            f"The view '{view.name}', source '{view.source.name}': {error.message}", help=error.help
        ) from None


def _with_times(batch: pa.RecordBatch, view: View) -> pa.RecordBatch:
    import pyarrow as pa  # heavy: serving does without it

    try:
        columns = [
            moments_of(batch.column(name), name) if name in view.source.times else batch.column(name)
            for name in batch.schema.names
        ]
    except DragomanError as error:
        raise InvalidData(f"The view '{view.name}': {error.message}", help=error.help) from None
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)
