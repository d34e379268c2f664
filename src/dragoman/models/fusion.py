"""Features beside a text: how their columns become one vector, which is added inside the classification head.

A row of columns is `[columns]` float32: numbers as they are, categories as codes from 0, NaN for what is missing.
Numbers are standardised and cut at `CLIP` deviations, with one more input that says whether each is missing; each
category has a learned vector (Guo and Berkhahn 2016, arXiv:1604.06737), and one for missing and unseen. A layer with
ReLU makes the vector of the features from them; it is projected and added to the head's dense layer, before its tanh.
So a model over text and features is a text classifier with more arrays, `fusion.*`:

- `fusion.mean`, `fusion.scale`: of the numbers;
- `fusion.categories.weight`: for each category column the vector of a missing value, then those of its categories;
- `fusion.tower`: the layer with ReLU; `fusion.into.weight`: the projection.

`heads.py` has it in torch, `readouts/fused.py` in numpy, `runtime/fused_graph.py` as ONNX nodes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from dragoman.records import FeatureColumn

__all__ = ["CLIP", "Fusion", "feature_matrix"]

CLIP = 5.0  # standard deviations
PREFIX = "fusion."

Floats = NDArray[np.float32]
Size = Annotated[int, Meta(ge=1, le=65_536)]


class Fusion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The shape of the part of a model that reads features."""

    columns: Annotated[list[Annotated[int, Meta(ge=0)] | None], Meta(min_length=1)]  # categories; null for a number
    embedding: Size = 8  # numbers of a category's vector
    tower: Size = 64  # numbers of the features' vector

    @classmethod
    def of(cls, columns: Sequence[FeatureColumn]) -> Fusion:
        """The shape for these columns; a category column has as many categories as training has seen."""
        return cls(columns=[None if one.kind == "number" else len(one.categories) for one in columns])

    @property
    def numbers(self) -> list[int]:
        """Places of the columns that are numbers."""
        return [place for place, size in enumerate(self.columns) if size is None]

    @property
    def categories(self) -> list[int]:
        """Places of the columns that are categories."""
        return [place for place, size in enumerate(self.columns) if size is not None]

    @property
    def sizes(self) -> list[int]:
        """How many categories each category column has."""
        return [size for size in self.columns if size is not None]

    @property
    def starts(self) -> list[int]:
        """Of each category column, the row of a missing value in the table; its categories come after it."""
        return [sum(self.sizes[:place]) + place for place in range(len(self.sizes))]

    @property
    def width(self) -> int:
        """Numbers that the tower reads."""
        return 2 * len(self.numbers) + self.embedding * len(self.sizes)

    def shapes(self, hidden: int) -> dict[str, tuple[int, ...]]:
        """Name and shape of every array, where the head's dense layer has `hidden` outputs."""
        shapes: dict[str, tuple[int, ...]] = {
            f"{PREFIX}into.weight": (hidden, self.tower),
            f"{PREFIX}tower.bias": (self.tower,),
            f"{PREFIX}tower.weight": (self.tower, self.width),
        }
        if self.numbers:
            shapes |= {f"{PREFIX}mean": (len(self.numbers),), f"{PREFIX}scale": (len(self.numbers),)}
        if self.sizes:
            shapes[f"{PREFIX}categories.weight"] = (sum(self.sizes) + len(self.sizes), self.embedding)
        return shapes


def feature_matrix(rows: Sequence[Floats | None] | None, texts: Sequence[int], columns: int) -> Floats:
    """The features of some texts of a batch, `[texts, columns]`; a text without features has none of them."""
    matrix = np.full((len(texts), columns), np.nan, dtype=np.float32)
    for row, text in zip(matrix, texts, strict=True):
        if rows is not None and (given := rows[text]) is not None:
            row[:] = given
    return matrix
