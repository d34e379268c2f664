"""The features of examples, as a model reads them beside their texts."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dragoman.errors import InvalidData
from dragoman.models.tabular.schema import FeatureSchema
from dragoman.records import Example
from dragoman.spec import ModelSpec

__all__ = ["columns_read", "encode_examples", "learn_features"]

Floats = NDArray[np.float32]


def learn_features(spec: ModelSpec, train: Sequence[Example]) -> FeatureSchema | None:
    """What the columns of the training split are; None for a model that reads texts only.

    Raises `InvalidData` for a column that is not there, or that no model can read.
    """
    if spec.features is None:
        return None
    names = dict.fromkeys(name for one in train for name in one.features)
    _require(spec.features.columns, list(names))
    views = [name for name in names if name.partition(".")[0] in spec.features.views]
    return FeatureSchema.from_table(
        _table(train, [name for name in names if name in (*spec.features.columns, *views)]),
        columns=spec.features.columns,
        views=spec.features.views,
        categories=spec.features.categories,
        required=spec.features.required,
    )


def _require(columns: Sequence[str], found: Sequence[str]) -> None:
    for name in columns:
        if name not in found:
            near = difflib.get_close_matches(name, found, n=1)
            listed = f"Did you mean '{near[0]}'?" if near else f"It has {', '.join(map(repr, found)) or 'none'}."
            raise InvalidData(f"The train split has no column '{name}'.", help=listed)


def encode_examples(schema: FeatureSchema, examples: Sequence[Example]) -> Floats:
    """`[examples, columns]`, NaN for what is missing. Raises `InvalidData` for a value of another kind."""
    return schema.encode_table(_table(examples, schema.names))


def columns_read(schema: FeatureSchema | None, examples: Sequence[Example]) -> dict[str, Any]:
    """What a reference needs to know of the columns: `rows` of values as requests would carry them, and `columns`.

    Nothing of a model that reads texts only.
    """
    if schema is None:
        return {}
    rows = [{name: one.features.get(name) for name in schema.names} for one in examples]
    return {"rows": rows, "columns": schema.columns}


def _table(examples: Sequence[Example], names: Sequence[str]) -> pa.Table:
    return pa.table({name: _column(name, [one.features.get(name) for one in examples]) for name in names})


def _column(name: str, values: list[Any]) -> pa.Array:
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        kinds = sorted({type(value).__name__ for value in values if value is not None})
        raise InvalidData(
            f"The column '{name}' has values of several kinds: {', '.join(kinds)}.", help="Give them one kind."
        ) from None
