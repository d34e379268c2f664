"""Moments of rows, and the borders between splits in time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dragoman.errors import InvalidInput
from dragoman.records import SplitRules

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

__all__ = ["borders_of", "moments_of", "words_of"]

Moments = NDArray[np.int64]  # microseconds since 1970, UTC


def moments_of(column: pa.ChunkedArray, name: str) -> Moments:
    """The moment of each row: of times, dates, or ISO 8601 strings; without a zone they are in UTC.

    Raises `InvalidInput` for a column of something else, and for a row without a moment.
    """
    import pyarrow as pa  # heavy: serving does without it

    if column.null_count:
        raise InvalidInput(f"{column.null_count} rows have no '{name}'.", help="Fill it, or split by something else.")
    try:
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            return np.array([_moment(text) for text in column.to_pylist()], dtype=np.int64)
        return np.asarray(column.cast(pa.timestamp("us", "UTC")).cast(pa.int64()), dtype=np.int64)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, ValueError):
        raise InvalidInput(
            f"The column '{name}' ({column.type}) is not one of times.", help="Give times, dates or ISO 8601 strings."
        ) from None


def borders_of(moments: Moments, rules: SplitRules) -> Moments:
    """The first moment of each split but the first: as the rules say, or where the shares are reached."""
    if rules.borders:
        try:
            given = [_moment(text) for text in rules.borders.values()]
        except ValueError as error:
            raise InvalidInput(f"A border is no time: {error}.", help="Give it in ISO 8601.") from None
        if sorted(given) != given:
            raise InvalidInput("The borders are not in the order of time.", help="Give the earliest one first.")
        return np.array(given, dtype=np.int64)
    if not len(moments):
        raise InvalidInput("There are no rows, and so no borders in time.", help="Give 'borders'.")
    ends = np.cumsum(list(rules.shares.values()))[:-1]
    places = np.minimum(np.ceil(ends * len(moments) - 1e-9).astype(np.int64), len(moments) - 1)
    return np.sort(moments)[places]


def words_of(moments: Moments) -> list[str]:
    """Moments in ISO 8601."""
    return [
        datetime.fromtimestamp(one // 10**6, UTC).replace(microsecond=one % 10**6).isoformat()
        for one in moments.tolist()
    ]


def _moment(text: str) -> int:
    found = datetime.fromisoformat(text)
    known = found if found.tzinfo else found.replace(tzinfo=UTC)
    passed = known - datetime(1970, 1, 1, tzinfo=UTC)
    return (passed.days * 86_400 + passed.seconds) * 10**6 + passed.microseconds
