"""Constants as SQL."""

from __future__ import annotations

from dragoman.features.expressions.types import Constant, Type

__all__ = ["literal", "text_literal"]


def literal(type: Type, value: Constant) -> str:
    """A constant of a type."""
    if type == "number":
        return f"'{float(value)!r}'::DOUBLE"
    if type == "boolean":
        return "true" if value else "false"
    if type == "string":
        return text_literal(str(value))
    return f"'{int(value)}'::BIGINT"


def text_literal(text: str) -> str:
    """A text; NUL, which would end the query, is written as `chr(0)`."""
    parts = ["'" + part.replace("'", "''") + "'" for part in text.split("\0")]
    return parts[0] if len(parts) == 1 else "(" + " || chr(0) || ".join(parts) + ")"
