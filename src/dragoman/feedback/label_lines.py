"""Labels from JSON Lines: an object a line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from dragoman.feedback.given import Given, Unread, time_text

__all__ = ["read_label_lines"]

EXAMPLE = '{"prediction_id": "01J…", "label": "refund", "source": "form", "time": "2026-03-01T12:00:00Z"}'
Text = Annotated[str, Meta(min_length=1, max_length=1_000)]
Word = Annotated[str, Meta(max_length=1_000)]


class Line(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One line."""

    prediction_id: Text
    label: Text | int | float
    source: Word = ""
    time: Annotated[datetime, Meta(tz=True)] | None = None
    labeler: Word = ""


_decode = msgspec.json.Decoder(Line).decode


def read_label_lines(lines: Iterable[bytes]) -> Iterator[Given | Unread]:
    """The labels of a file; empty lines are passed over."""
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield _read(f"line {number}", line)


def _read(place: str, line: bytes) -> Given | Unread:
    try:
        found = _decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Unread(place, f"is no label: {error}.", f"Write {EXAMPLE}")
    return Given(
        place,
        found.prediction_id,
        found.label if isinstance(found.label, str) else repr(found.label),
        found.source,
        time_text(found.time) if found.time else "",
        found.labeler,
    )
