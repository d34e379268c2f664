"""From the folder of a bundle to a model of a table that answers."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from dragoman.errors import InvalidCheckpoint
from dragoman.models.tabular.graph import MODEL_FILE
from dragoman.models.tabular.schema import FEATURES_FILE, FeatureSchema
from dragoman.models.tabular.session import TreeSession

__all__ = ["TabularModel", "open_tabular"]


class TabularModel(NamedTuple):
    """How rows become numbers, and what the trees say of them."""

    schema: FeatureSchema
    session: TreeSession


def open_tabular(folder: Path) -> TabularModel:
    """Open a bundle of a model of a table, once its files are verified. Raises `InvalidCheckpoint`."""
    try:
        schema = FeatureSchema.from_bytes((folder / FEATURES_FILE).read_bytes())
    except (OSError, ValueError) as error:
        raise InvalidCheckpoint(f"{folder} has no columns: {error}.", help="Train the model again.") from None
    session = TreeSession(folder / MODEL_FILE)
    if session.columns != len(schema.columns):
        raise InvalidCheckpoint(
            f"The graph in {folder} reads {session.columns} columns, {FEATURES_FILE} has {len(schema.columns)}.",
            help="Train the model again.",
        )
    return TabularModel(schema, session)
