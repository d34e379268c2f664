"""The server's own log: lines for people, or one JSON object a line for machines.

A line of either kind names the trace of the request that it is about. Messages hold no text, subject or key: they are
written so, and the JSON leaves out what exceptions say, which may quote their input; their type and where they were
raised stay. An operator who needs more has `log_format = "text"`, with whole tracebacks.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

import msgspec

from dragoman.serving.tracing import current

__all__ = ["JsonFormatter", "TextFormatter", "logging_as"]

PACKAGE = "dragoman"
MAX_FRAMES = 20  # of a traceback, innermost last
NAMES = ("model", "version")  # of a record's `extra`


class TextFormatter(logging.Formatter):
    """Time, level, logger and message; then the trace, and an exception with its traceback."""

    def format(self, record: logging.LogRecord) -> str:
        trace = current()
        named = f" [trace {trace.context.trace}]" if trace else ""
        head = f"{time_of(record)} {record.levelname} {record.name}: {record.getMessage()}{named}"
        return f"{head}\n{self.formatException(record.exc_info)}" if record.exc_info else head


class JsonFormatter(logging.Formatter):
    """`time`, `level`, `logger`, `message`; where they are known `model`, `version`, `trace_id`, `span_id`, `error`."""

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, Any] = {
            "time": time_of(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        fields |= about_request() | {name: getattr(record, name) for name in NAMES if hasattr(record, name)}
        if record.exc_info and record.exc_info[1] is not None:
            fields["error"] = error_of(record.exc_info[1], record.exc_info[2])
        return msgspec.json.encode(fields, enc_hook=str).decode()


@contextmanager
def logging_as(format: str, stream: TextIO | None = None) -> Iterator[None]:
    """For the block, write what is logged to a stream (standard error) as "text" or "json"; of ours, from INFO on."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if format == "json" else TextFormatter())
    root, ours = logging.getLogger(), logging.getLogger(PACKAGE)
    before = ours.level
    root.addHandler(handler)
    ours.setLevel(logging.INFO)
    try:
        yield
    finally:
        root.removeHandler(handler)
        ours.setLevel(before)


def time_of(record: logging.LogRecord) -> str:
    """UTC, ISO 8601, with milliseconds."""
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


def about_request() -> dict[str, str]:
    """The trace of the request that is being worked for, and which version works."""
    if (trace := current()) is None:
        return {}
    found = {"trace_id": trace.context.trace, "span_id": trace.context.span}
    if trace.attempts:
        found |= {"model": trace.attempts[-1].model, "version": trace.attempts[-1].version}
    return found


def error_of(error: BaseException, trace: TracebackType | None) -> dict[str, Any]:
    """The type of an exception, and the places that it went through."""
    frames = traceback.extract_tb(trace)[-MAX_FRAMES:]
    return {
        "type": type(error).__name__,
        "frames": [f"{Path(one.filename).name}:{one.lineno} {one.name}" for one in frames],
    }
