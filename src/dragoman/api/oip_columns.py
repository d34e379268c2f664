"""Columns of features as tensors: one for each, `[B]`, with the row's values in the order of the inputs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from dragoman.api.oip_tensors import Tensor, texts_in
from dragoman.errors import InvalidRequest
from dragoman.records import FeatureColumn

__all__ = ["Parts", "name_of_column", "parts_of"]

PREFIX = "features."  # before a column that is called like another tensor
KEY, KEY_PREFIX = "key", "key."
TAKEN = frozenset({"text", "pair", "args", "array_inputs", KEY})


class Parts(NamedTuple):
    """The tensors of a request, by what they say."""

    others: list[Tensor]
    fields: dict[str, list[Any]]  # "features" and "key", one for each input, where they were sent


def name_of_column(column: FeatureColumn) -> str:
    """What the tensor of a column is called."""
    return f"{PREFIX}{column.name}" if column.name in TAKEN else column.name


def parts_of(tensors: Sequence[Tensor], columns: Sequence[FeatureColumn]) -> Parts:
    """Features and keys apart from the texts. Raises `InvalidRequest` for tensors of different lengths."""
    names = {name_of_column(column): column.name for column in columns}
    names |= {f"{PREFIX}{column.name}": column.name for column in columns}
    features = {names[one.name]: values_in(one) for one in tensors if one.name in names}
    keys = {one.name: values_in(one) for one in tensors if one.name not in names and is_key(one.name)}
    lengths = {name: len(values) for name, values in (features | keys).items()}
    if len(set(lengths.values())) > 1:
        raise InvalidRequest(f"The input tensors have {lengths} elements.", help="send as many of each.")
    others = [one for one in tensors if one.name not in names and one.name not in keys]
    fields = {"features": rows_of(features)} if features else {}
    return Parts(others, fields | ({"key": keys_of(keys)} if keys else {}))


def is_key(name: str) -> bool:
    return name == KEY or name.startswith(KEY_PREFIX)


def values_in(tensor: Tensor) -> list[Any]:
    """The values of a column; NaN and an empty text say that a value is not known."""
    if tensor.datatype == "BYTES":
        return [text or None for text in texts_in(tensor)]
    found: list[Any] = tensor.data.reshape(-1).tolist()
    return [None if isinstance(value, float) and math.isnan(value) else value for value in found]


def rows_of(columns: Mapping[str, list[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def keys_of(tensors: Mapping[str, list[Any]]) -> list[Any]:
    """Keys of one part, or of the parts `key.NAME`; an empty one is none."""
    if KEY not in tensors:
        return rows_of({name.removeprefix(KEY_PREFIX): values for name, values in tensors.items()})
    if len(tensors) > 1:
        raise InvalidRequest("There are 'key' and parts of a key.", help="send 'key', or 'key.NAME' for each part.")
    return tensors[KEY]
