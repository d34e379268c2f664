"""One method of one path, as the OpenAPI document describes it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

__all__ = ["Operation", "query_parameters"]


class Operation(NamedTuple):
    """One method of one path."""

    path: str
    method: str
    id: str
    summary: str
    answers: tuple[type[msgspec.Struct], ...]  # one of them, by the model's task
    bodies: tuple[type[msgspec.Struct], ...] = ()
    errors: tuple[int, ...] = ()
    query: type[msgspec.Struct] | None = None
    status: int = 200
    needs_body: bool = True  # if it takes one
    empty: int | None = None  # status of an answer without a body, where there is such


def query_parameters(kind: type[msgspec.Struct]) -> Iterator[dict[str, Any]]:
    """A description of each field of a record that is read from a query. Null, which none can say, is left out."""
    schema = msgspec.json.schema(kind)
    definition = schema["$defs"][kind.__name__]
    for name, described in definition["properties"].items():
        kinds = [one for one in described.get("anyOf", []) if one.get("type") != "null"]
        plain = {key: value for key, value in described.items() if key not in ("anyOf", "default")}
        text = plain.pop("description", kinds[0].pop("description", "") if kinds else "")
        schema_of_one = plain | (kinds[0] if len(kinds) == 1 else {"anyOf": kinds} if kinds else {})
        required = {"required": True} if name in definition.get("required", []) else {}
        yield {"name": name, "in": "query", "description": text, **required, "schema": schema_of_one}
