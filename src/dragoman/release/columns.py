"""Inputs for versions that read different columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

import msgspec

from dragoman.records import RowInput, TextInput
from dragoman.serving.model import Model

__all__ = ["known_to", "read_by"]


def known_to(asked: Model, answering: Model, inputs: Any) -> Any:
    """Inputs that were meant for one version, for another to answer: without the columns that only the first reads.

    Columns that neither reads stay, and are refused. A version that reads no columns gets no key either.
    """
    dropped = {column.name for column in asked.columns} - {column.name for column in answering.columns}
    if not dropped:
        return inputs
    keeps_key = bool(answering.columns)
    if isinstance(inputs, Sequence) and not isinstance(inputs, str):
        return [_without(dropped, one, keeps_key=keeps_key) for one in inputs]
    return _without(dropped, inputs, keeps_key=keeps_key)


def read_by(model: Model, given: Any) -> Any:
    """An input with values of those columns only that a version reads."""
    if not isinstance(given, TextInput | RowInput) or not given.features:
        return given
    return _without(given.features.keys() - {column.name for column in model.columns}, given, keeps_key=True)


def _without(dropped: AbstractSet[str], given: Any, *, keeps_key: bool) -> Any:
    """An input without the values of some columns."""
    if isinstance(given, TextInput | RowInput):
        changed = _changed({"features": given.features, "key": given.key}, dropped, keeps_key=keeps_key)
        return msgspec.structs.replace(given, **changed)
    return given | _changed(given, dropped, keeps_key=keeps_key) if isinstance(given, dict) else given


def _changed(given: Mapping[str, Any], dropped: AbstractSet[str], *, keeps_key: bool) -> dict[str, Any]:
    changed: dict[str, Any] = {} if keeps_key or given.get("key") is None else {"key": None}
    if isinstance(features := given.get("features"), dict):
        changed["features"] = {name: value for name, value in features.items() if name not in dropped}
    return changed
