"""A linear layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from numpy.typing import NDArray

from dragoman.models.readouts.base import Floats

__all__ = ["Linear"]


class Linear(NamedTuple):
    """`[rows, inputs]` → `[rows, outputs]`."""

    weight: Floats  # [outputs, inputs]
    bias: Floats | None = None  # [outputs]

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[Any]], name: str) -> Linear:
        """The layer whose arrays are `NAME.weight` and, if there is one, `NAME.bias`."""
        return cls(arrays[f"{name}.weight"], arrays.get(f"{name}.bias"))

    def __call__(self, rows: Floats) -> Floats:
        product = rows @ self.weight.T
        if self.bias is not None:
            product += self.bias
        return product
