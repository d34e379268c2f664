"""What a model learns from, where its spec names a dataset instead of files."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dragoman.data.datasets import load_examples
from dragoman.data.sources import FIELDS, examples_of_rows
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
    """The rows of a version as examples for a model.

    Their features are all other columns, where the model reads any: the views are joined by some of them. Raises
    `Untrusted` if the rows are not those that were ingested, and `InvalidData` as `read_examples` does.
    """
    if version.columns:
        with tempfile.TemporaryDirectory() as folder:
            verify_version(version, tables, folder=Path(folder))
        rows = tables.read(version.name, version=version.number).to_pylist()
    else:
        rows = [_row(one) for one in load_examples(version, tables=tables)]
    return examples_of_rows(
        rows,
        name=f"{version.name}/{version.number}",
        labels=spec.data.labels,
        languages=spec.languages,
        columns=_columns(spec, version, rows),
        target=spec.data.target,
    )


def _row(example: Example) -> dict[str, Any]:
    """The fields and the features of an example, side by side."""
    return {name: getattr(example, name) for name in FIELDS} | example.features


def _columns(spec: ModelSpec, version: DatasetVersion, rows: Sequence[Mapping[str, Any]]) -> list[str] | None:
    """What is read beside the fields of an example; None for a model of texts only."""
    if spec.features is None:
        return None
    found = version.columns or dict.fromkeys(name for row in rows for name in row)
    others = [name for name in found if name not in (*FIELDS, spec.data.target)]
    return list(dict.fromkeys([*spec.features.columns, *([spec.data.time] if spec.data.time else []), *others]))
