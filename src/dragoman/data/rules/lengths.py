"""Lengths of texts in code points."""

from __future__ import annotations

import numpy as np
import pyarrow.compute as pc

from dragoman.data.rules.base import RowRule, on_values
from dragoman.data.rules.masks import Mask
from dragoman.data.rules.ranges import outside, span_in_words
from dragoman.data.rules.rows import Column
from dragoman.spec.bounds import Span

__all__ = ["long_as"]


def long_as(column: str, span: Span, *, mostly: float = 1.0) -> RowRule:
    """Every text has a length in the span."""

    def test(one: Column) -> Mask:
        lengths = pc.utf8_length(one.values.fill_null("") if one.values.null_count else one.values)
        return outside(np.asarray(lengths.to_numpy()), span)

    return RowRule(
        "length", f"the length of '{column}' is {span_in_words(span)}", (column,), on_values(column, test), mostly
    )
