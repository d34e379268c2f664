"""What a model learns from, where its spec names a dataset instead of files."""

from __future__ import annotations

import tempfile
from pathlib import Path

from dragoman.data.datasets import load_examples
from dragoman.data.sources import examples_of_rows
from dragoman.data.stored_rows import verify_version
from dragoman.errors import NotFound
from dragoman.records import DatasetVersion, Example
from dragoman.spec import ModelSpec
from dragoman.store.base import Catalog
from dragoman.store.tables import DeltaTables

__all__ = ["find_version", "training_examples"]


def find_version(catalog: Catalog, name: str, number: int | None = None) -> DatasetVersion:
    """A version of a dataset, the newest by default. Raises `NotFound`."""
    if number is not None:
        return catalog.dataset_version(name, number)
    if versions := catalog.dataset_versions(name):
        return max(versions, key=lambda one: one.number)
    raise NotFound(f"The dataset '{name}' has no version.", help=f"`dragoman data ingest {name} FILES` makes one.")


def training_examples(version: DatasetVersion, spec: ModelSpec, tables: DeltaTables) -> list[Example]:
    """The rows of a version as examples for a model; columns that no example has are left out.

    Raises `Untrusted` if the rows are not those that were ingested, and `InvalidData` as `read_examples` does.
    """
    if version.columns:
        with tempfile.TemporaryDirectory() as folder:
            verify_version(version, tables, folder=Path(folder))
        rows = tables.read(version.name, version=version.number).to_pylist()
    else:
        rows = [
            {name: getattr(one, name) for name in one.__struct_fields__}
            for one in load_examples(version, tables=tables)
        ]
    name = f"{version.name}/{version.number}"
    return examples_of_rows(rows, name=name, labels=spec.data.labels, languages=spec.languages)
