"""Events from JSON Lines, an object a line, and from CSV with a header."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from dragoman.errors import InvalidData
from dragoman.feedback.given import Unread
from dragoman.feedback.kpi.given import GivenEvent

__all__ = ["read_event_lines", "read_event_rows"]

EXAMPLE = '{"subject": "user-42", "name": "resolved", "time": "2026-03-01T12:00:00Z"}'
CSV_EXAMPLE = "subject,name,value,time,id"
Text = Annotated[str, Meta(min_length=1, max_length=1_000)]


class Line(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One line."""

    subject: Text
    name: Text
    value: float | None = None
    time: Annotated[datetime, Meta(tz=True)] | None = None
    id: Annotated[str, Meta(max_length=1_000)] = ""


_decode = msgspec.json.Decoder(Line).decode


def read_event_lines(lines: Iterable[bytes]) -> Iterator[GivenEvent | Unread]:
    """The events of JSON Lines; empty lines are passed over."""
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                yield _given(_decode(line), f"line {number}")
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                yield Unread(f"line {number}", f"is no event: {error}.", f"Write {EXAMPLE}")


def read_event_rows(lines: Iterable[str]) -> Iterator[GivenEvent | Unread]:
    """The events of CSV, whose first row names the columns; an empty cell says nothing. Raises `InvalidData`."""
    rows = csv.DictReader(lines, strict=True)
    names = rows.fieldnames or []
    unknown = [name for name in names if name not in Line.__struct_fields__]
    if unknown or not {"subject", "name"} <= set(names) or len(set(names)) < len(names):
        raise InvalidData(f"the header is {','.join(names)!r}.", help=f"Name columns of {CSV_EXAMPLE}.")
    try:
        for row in rows:
            yield _read(row, f"line {rows.line_num}")
    except csv.Error as error:
        raise InvalidData(
            f"line {rows.line_num} is no CSV: {error}.", help="Put a cell with quotes in quotes."
        ) from None


def _read(row: dict[str, str], place: str) -> GivenEvent | Unread:
    if None in row or None in row.values():
        return Unread(place, "has another number of cells than the header.", "Put a cell with a comma in quotes.")
    try:
        said = {name: value for name, value in row.items() if value}
        return _given(msgspec.convert(said, Line, strict=False), place)
    except msgspec.ValidationError as error:
        return Unread(
            place, f"is no event: {error}.", f"Write the columns {CSV_EXAMPLE}; times as 2026-03-01T12:00:00Z."
        )


def _given(found: Line, place: str) -> GivenEvent:
    return GivenEvent(found.subject, found.name, found.value, found.time, found.id, place)
