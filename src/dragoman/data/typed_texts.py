"""Columns of a CSV file as what they hold: numbers, booleans, or texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

__all__ = ["typed_texts"]

# A number that begins with a zero, such as a postal code, is a name.
WHOLE = r"^[+-]?(0|[1-9][0-9]{0,17})$"
NUMBER = r"^[+-]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$"
NO_NUMBERS = ["NA", "N/A", "NaN", "nan", "null", "NULL", "None"]  # how programs write that a number is missing
BOOLEANS = ["true", "false", "True", "False", "TRUE", "FALSE"]


def typed_texts(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column of texts with the type that all its values have; an empty one stays as it is."""
    import pyarrow as pa  # heavy: serving does without it
    import pyarrow.compute as pc

    if column.null_count == len(column):
        return column
    if _all(pc.is_in(column.drop_null(), pa.array(BOOLEANS))):
        return pc.equal(pc.utf8_lower(column), "true")
    known = pc.if_else(pc.is_in(column, pa.array(NO_NUMBERS)), pa.scalar(None, pa.string()), column)
    if known.null_count == len(known) or not _all(pc.match_substring_regex(known, NUMBER)):
        return column
    plain = pc.utf8_ltrim(known, "+")
    return plain.cast(pa.int64() if _all(pc.match_substring_regex(known, WHOLE)) else pa.float64())


def _all(answers: pa.ChunkedArray) -> bool:
    import pyarrow.compute as pc  # heavy: as above

    return bool(pc.all(answers, skip_nulls=True).as_py())
