"""Datasets: named tables whose every version is immutable and known by the digest of its rows."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import msgspec

from dragoman import clock
from dragoman.errors import Untrusted
from dragoman.records import DatasetVersion, Example
from dragoman.store.base import Catalog, Tables

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

__all__ = ["digest_examples", "ingest", "load_examples"]

COLUMNS = ("id", "text", "label", "language", "split")
FEATURES = "features"  # as JSON, where a row has any


def ingest(
    examples: Sequence[Example], *, name: str, sources: dict[str, str], tables: Tables, catalog: Catalog
) -> DatasetVersion:
    """Store the examples as a version of the dataset `name`, or return the version that has the same rows.

    `sources` says which files the rows came from: name → SHA-256. The order of the rows does not matter. A process that
    dies in between leaves rows that no version names; ingesting again writes them again.
    """
    digest = digest_examples(examples)
    if known := catalog.find_dataset_version(name, digest):
        return known
    rows = _sorted(examples)
    number = tables.overwrite(name, _to_table(rows))
    return catalog.add_dataset_version(
        DatasetVersion(
            name=name,
            number=number,
            digest=digest,
            rows=len(rows),
            splits=_counts(row.split for row in rows),
            languages=_counts(row.language for row in rows),
            labels=_counts(row.label for row in rows),
            sources=dict(sorted(sources.items())),
            created=clock.utc().isoformat(timespec="seconds"),
        )
    )


def load_examples(version: DatasetVersion, *, tables: Tables) -> list[Example]:
    """The rows of a version, sorted by id.

    Raises `NotFound` if the table has no such version, and `Untrusted` if its rows are not those that were ingested.
    """
    rows = _sorted(_from_table(tables.read(version.name, version=version.number)))
    if (digest := digest_examples(rows)) != version.digest:
        raise Untrusted(
            f"Version {version.number} of the dataset '{version.name}' has changed: its digest is {digest}, "
            f"{version.digest} was registered.",
            help="Restore the table from a backup, or ingest the source files again.",
        )
    return rows


def digest_examples(examples: Iterable[Example]) -> str:
    """SHA-256 of the rows, sorted by id: the same for any order of the same rows."""
    digest = hashlib.sha256()
    for row in _sorted(examples):
        values = [getattr(row, column) for column in COLUMNS]
        digest.update(msgspec.json.encode([*values, *([row.features] if row.features else [])], order="sorted") + b"\n")
    return digest.hexdigest()


def _sorted(examples: Iterable[Example]) -> list[Example]:
    return sorted(examples, key=lambda row: tuple(getattr(row, column) for column in COLUMNS))


def _counts(values: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))


def _to_table(rows: Sequence[Example]) -> pa.Table:
    import pyarrow as pa  # heavy: serving does without it

    columns = {column: [getattr(row, column) for row in rows] for column in COLUMNS}
    if any(row.features for row in rows):
        columns[FEATURES] = [msgspec.json.encode(row.features, order="sorted").decode() for row in rows]
    return pa.table(columns, schema=pa.schema([(column, pa.string()) for column in columns]))


def _from_table(table: pa.Table) -> list[Example]:
    """Rows of a table that should be a dataset; `Untrusted` if it has other columns or values."""
    rows = table.to_pylist()
    try:
        if FEATURES in table.column_names:
            rows = [row | {FEATURES: msgspec.json.decode(row[FEATURES])} for row in rows]
        return msgspec.convert(rows, list[Example])
    except (msgspec.DecodeError, TypeError) as error:
        raise Untrusted(
            f"The table is not a dataset: {error}.", help="Restore it from a backup, or ingest the source files again."
        ) from None
