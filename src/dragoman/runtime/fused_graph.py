"""The nodes of a graph that turn features into what they add to the head's dense layer.

`models/fusion.py` says what they compute.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from onnx import TensorProto

from dragoman.models.fusion import CLIP, Fusion

__all__ = ["FEATURES", "add_features"]

FEATURES = "features"  # [texts, columns]


class Builder(Protocol):
    """The part of `GraphBuilder` that is needed here. Values go by their names."""

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str: ...

    def weight(self, name: str) -> str: ...

    def constant(self, name: str, value: Any, kind: Any = np.int64) -> str: ...

    def linear(self, value: str, name: str) -> str: ...


def add_features(builder: Builder, fusion: Fusion, dense: str) -> str:
    """`dense` `[texts, hidden]` with what the features add to it."""
    parts = []
    if fusion.numbers:
        parts += _numbers(builder, fusion)
    if fusion.sizes:
        parts.append(_categories(builder, fusion))
    vector = builder.add("Relu", builder.linear(builder.add("Concat", *parts, axis=1), "fusion.tower"))
    return builder.add("Gemm", vector, builder.weight("fusion.into.weight"), dense, transB=1)


def _columns(builder: Builder, name: str, places: list[int]) -> str:
    return builder.add("Gather", FEATURES, builder.constant(name, places), axis=1)


def _float(builder: Builder, name: str, value: Any) -> str:
    return builder.constant(name, value, np.float32)


def _numbers(builder: Builder, fusion: Fusion) -> list[str]:
    numbers = _columns(builder, "number_columns", fusion.numbers)
    missing = builder.add("IsNaN", numbers)
    standard = builder.add(
        "Div", builder.add("Sub", numbers, builder.weight("fusion.mean")), builder.weight("fusion.scale")
    )
    cut = builder.add("Clip", standard, _float(builder, "low", -CLIP), _float(builder, "high", CLIP))
    return [
        builder.add("Where", missing, _float(builder, "zero", 0.0), cut),
        builder.add("Cast", missing, to=TensorProto.FLOAT),
    ]


def _categories(builder: Builder, fusion: Fusion) -> str:
    """Comparisons with NaN are false: a missing code is none of those that are known."""
    codes = _columns(builder, "category_columns", fusion.categories)
    known = builder.add(
        "And",
        builder.add("GreaterOrEqual", codes, _float(builder, "zero", 0.0)),
        builder.add("Less", codes, _float(builder, "category_counts", fusion.sizes)),
    )
    code = builder.add(
        "Cast", builder.add("Where", known, codes, _float(builder, "no_code", -1.0)), to=TensorProto.INT64
    )
    first = builder.constant("first_categories", [start + 1 for start in fusion.starts])
    vectors = builder.add("Gather", builder.weight("fusion.categories.weight"), builder.add("Add", code, first))
    flat = builder.constant("category_row", [-1, len(fusion.sizes) * fusion.embedding])
    return builder.add("Reshape", vectors, flat)
