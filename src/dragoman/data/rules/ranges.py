"""Values within bounds."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dragoman.data.rules.base import RowRule, on_values
from dragoman.data.rules.masks import Mask
from dragoman.spec.bounds import Span
from dragoman.spec.contracts import ColumnType

__all__ = ["exact_span", "outside", "span_in_words", "within"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def within(column: str, span: Span, type: ColumnType, *, mostly: float = 1.0) -> RowRule:
    """Every value lies in the span."""
    exact = exact_span(span, type)
    words = f"'{column}' is {span_in_words(span)}"
    return RowRule("bounds", words, (column,), on_values(column, lambda one: outside(one.numbers, exact)), mostly)


def outside(numbers: NDArray[Any], span: Span) -> Mask:
    """Which numbers do not lie in a span that `exact_span` made."""
    broken = np.zeros(len(numbers), dtype=bool)
    if span.low is not None:
        broken |= numbers < span.low if span.low_counts else numbers <= span.low
    if span.high is not None:
        broken |= numbers > span.high if span.high_counts else numbers >= span.high
    return broken


def exact_span(span: Span, type: ColumnType) -> Span:
    """The same span for numbers as columns hold them: integers, floats, microseconds.

    A comparison in floating point would blur large integers.
    """
    low, high = span.low, span.high
    if type == "integer":
        low = None if low is None else math.ceil(low) if span.low_counts else math.floor(low) + 1
        high = None if high is None else math.floor(high) if span.high_counts else math.ceil(high) - 1
        return Span(low, high)
    if type == "time":
        return span._replace(low=_micros(low), high=_micros(high))
    if low is not None:
        span = span._replace(low=float(low), low_counts=span.low_counts if float(low) == low else float(low) > low)
    if high is not None:
        span = span._replace(
            high=float(high), high_counts=span.high_counts if float(high) == high else float(high) < high
        )
    return span


def span_in_words(span: Span) -> str:
    """The span in words: at least 0 and less than 10."""
    parts = []
    if span.low is not None:
        parts.append(f"{'at least' if span.low_counts else 'more than'} {_written(span.low)}")
    if span.high is not None:
        parts.append(f"{'at most' if span.high_counts else 'less than'} {_written(span.high)}")
    return " and ".join(parts)


def _written(bound: Any) -> str:
    return bound.isoformat().replace("+00:00", "Z") if isinstance(bound, datetime) else f"{bound}"


def _micros(time: datetime | None) -> int | None:
    return None if time is None else (time - EPOCH) // timedelta(microseconds=1)
