"""Layer normalisation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from numpy.typing import NDArray

from dragoman.models.readouts.base import Floats

__all__ = ["Norm"]


class Norm(NamedTuple):
    """Mean 0 and variance 1 in each row, then scaled and moved (Ba et al. 2016, arXiv:1607.06450)."""

    weight: Floats  # [width]
    bias: Floats  # [width]
    epsilon: float

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[Any]], name: str, *, epsilon: float) -> Norm:
        return cls(arrays[f"{name}.weight"], arrays[f"{name}.bias"], epsilon)

    def __call__(self, rows: Floats) -> Floats:
        centred = rows - rows.mean(axis=1, keepdims=True)
        variance = (centred * centred).mean(axis=1, keepdims=True)
        return centred / (variance + self.epsilon) ** 0.5 * self.weight + self.bias  # type: ignore[no-any-return]
