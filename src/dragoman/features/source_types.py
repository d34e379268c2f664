"""What expressions see of a source's columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dragoman.features.expressions import Type

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

__all__ = ["types_of"]


def types_of(schema: pa.Schema) -> dict[str, Type]:
    """The type of each column; one that holds something else, such as lists, is left out."""
    found = {field.name: _type_of(field.type) for field in schema}
    return {name: kind for name, kind in found.items() if kind is not None}


def _type_of(kind: Any) -> Type | None:
    import pyarrow as pa  # heavy: serving does without it

    types = pa.types
    if types.is_dictionary(kind):
        return _type_of(kind.value_type)
    if types.is_boolean(kind):
        return "boolean"
    if types.is_integer(kind):
        return "integer"
    if types.is_floating(kind) or types.is_decimal(kind):
        return "number"
    if types.is_timestamp(kind) or types.is_date(kind):
        return "time"
    return "string" if types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind) else None
