"""The spec described: its fields for people, its JSON Schema for editors."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from dragoman.spec.base import Section
from dragoman.spec.sections import ModelSpec

__all__ = ["FieldRow", "field_rows", "holds_tables", "section_of", "spec_schema"]


def spec_schema() -> dict[str, Any]:
    """JSON Schema of the spec, for editors."""
    schema = msgspec.json.schema(ModelSpec)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Dragoman model spec", **schema}


class FieldRow(typing.NamedTuple):
    """One field of the spec, for the reference page."""

    key: str
    type: str
    default: str
    help: str


def field_rows(kind: type[msgspec.Struct] = ModelSpec, prefix: str = "") -> Iterator[FieldRow]:
    """Every field of the spec in file order, tables after plain keys."""
    plain, tables = [], []
    for field in msgspec.structs.fields(kind):
        annotated = typing.get_type_hints(kind, include_extras=True)[field.name]
        meta = next(m for m in annotated.__metadata__ if isinstance(m, Meta) and m.description)
        if (inner := section_of(typing.get_args(annotated)[0])) is not None:
            tables.append((f"{prefix}{field.name}.{'LANGUAGE.' if holds_tables(annotated) else ''}", inner))
        else:
            plain.append(
                FieldRow(prefix + field.name, _type_name(annotated), _default_of(field), meta.description or "")
            )
    yield from plain
    for table_prefix, inner in tables:
        yield from field_rows(inner, table_prefix)


def _default_of(field: Any) -> str:
    if field.required:
        return "required"
    value = field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()
    return msgspec.json.encode(value).decode()


def _type_name(annotated: Any) -> str:
    inner = typing.get_args(annotated)[0] if typing.get_origin(annotated) is Annotated else annotated
    if typing.get_origin(inner) is Annotated:
        return _type_name(inner)
    if typing.get_origin(inner) is Literal:
        return " or ".join(f'"{choice}"' for choice in typing.get_args(inner))
    if typing.get_origin(inner) is list:
        return f"list of {_type_name(typing.get_args(inner)[0])}"
    if typing.get_args(inner):
        return " or ".join(_type_name(part) for part in typing.get_args(inner) if part is not type(None))
    names = {str: "string", int: "integer", float: "number", bool: "boolean"}
    return names.get(inner, getattr(inner, "__name__", str(inner)))


def holds_tables(hint: Any) -> bool:
    """Whether a key holds tables by language, rather than one."""
    return dict in (typing.get_origin(hint), *map(typing.get_origin, typing.get_args(hint)))


def section_of(hint: Any) -> type[Section] | None:
    """The table that a key holds, optional or not, or each of its tables by language; None for a plain value."""
    if holds_tables(hint):
        return next((section for part in typing.get_args(hint) for section in _inner_sections(part)), None)
    for one in (hint, *typing.get_args(hint)):
        if isinstance(one, type) and issubclass(one, Section):
            return one
    return None


def _inner_sections(hint: Any) -> list[type[Section]]:
    """The tables among the arguments of a generic type, at any depth."""
    if isinstance(hint, type) and issubclass(hint, Section):
        return [hint]
    return [section for part in typing.get_args(hint) for section in _inner_sections(part)]
