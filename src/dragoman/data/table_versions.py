"""Tables as versions of a dataset: what a model of a table was trained on can be read back."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from dragoman import clock
from dragoman.data.measuring import Measure, Measured
from dragoman.data.stored_rows import verify_version
from dragoman.records import DatasetVersion
from dragoman.store.base import Catalog
from dragoman.store.tables import DeltaTables

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

__all__ = ["digest_table", "ingest_table", "load_table"]


def digest_table(table: pa.Table) -> str:
    """SHA-256 of the rows, whatever their order: as `dragoman data ingest` makes it."""
    return _measured(table, ()).digest


def ingest_table(
    table: pa.Table,
    *,
    name: str,
    sources: Mapping[str, str],
    label: str,
    tables: DeltaTables,
    catalog: Catalog,
) -> DatasetVersion:
    """Store rows as a version of the dataset `name`, or return the version that has the same rows.

    `sources` says which files they came from: name → SHA-256. `label` is the column whose values are counted, beside
    `split` and `language`; empty for none.
    """
    measured = _measured(table, {"split", "language", label} & set(table.column_names))
    if known := catalog.find_dataset_version(name, measured.digest):
        return known
    number = tables.overwrite(name, table)
    return catalog.add_dataset_version(
        DatasetVersion(
            name=name,
            number=number,
            digest=measured.digest,
            rows=measured.rows,
            splits=measured.counts.get("split", {}),
            languages=measured.counts.get("language", {}),
            labels=measured.counts.get(label, {}),
            sources=dict(sorted(sources.items())),
            created=clock.utc().isoformat(timespec="seconds"),
            columns={field.name: str(field.type) for field in table.schema},
        )
    )


def load_table(version: DatasetVersion, tables: DeltaTables) -> pa.Table:
    """The rows of a version. Raises `NotFound`, and `Untrusted` if they are not those that were ingested."""
    if version.columns:
        with tempfile.TemporaryDirectory() as folder:
            verify_version(version, tables, folder=Path(folder))
    return tables.read(version.name, version=version.number)


def _measured(table: pa.Table, categories: set[str] | tuple[str, ...]) -> Measured:
    with tempfile.TemporaryDirectory() as folder, Measure(categories=categories, folder=Path(folder)) as measure:
        for batch in table.to_batches(max_chunksize=65_536):
            measure.add(batch)
        return measure.measured()
