"""Spans as text: each request as a tree, for people who try things out."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from textwrap import wrap
from typing import TextIO

from dragoman.monitoring.traces.attributes import Value
from dragoman.monitoring.traces.spans import Span
from dragoman.monitoring.traces.tracer import TraceStats
from dragoman.serving.tracing import Trace

__all__ = ["ConsoleSink", "draw"]

NAME_WIDTH, WIDTH = 14, 110
COMMON = ("dragoman.model", "dragoman.version", "dragoman.release", "dragoman.arm")  # said once where all say the same


class ConsoleSink:
    """Prints the spans of each request when it is over. Implements `Sink`."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self._printed = 0
        self._lock = threading.Lock()

    def put(self, trace: Trace, spans: list[Span]) -> None:
        text = draw(trace, spans)
        with self._lock:
            self.stream.write(text)
            self.stream.flush()
            self._printed += len(spans)

    def stats(self) -> TraceStats:
        return TraceStats(exported=self._printed)

    def close(self) -> None:
        """Nothing waits."""


def draw(trace: Trace, spans: list[Span]) -> str:
    """The tree of a request: when each span began and how long it took, in milliseconds, and its attributes."""
    request, *inside = spans
    origin = f", a copy of {trace.original.trace}" if trace.original else ""
    lines = [f"{request.name}  {_milliseconds(request).strip()} ms  trace {trace.context.trace}{origin}"]
    lines += wrap(_words(request), WIDTH, break_long_words=False, break_on_hyphens=False)
    for number, span in enumerate(inside, start=1):
        branch = "└──" if number == len(inside) else "├──"
        begun = (span.started - request.started) * 1_000
        said = {name: value for name, value in span.attributes.items() if not _repeats(name, value, request)}
        line = f"{branch} {span.name:{NAME_WIDTH}}{begun:8.2f} {_milliseconds(span)}"
        lines.append(f"{line}  {_words(span._replace(attributes=said))}")
    return "\n".join(line.rstrip() for line in lines) + "\n\n"


def _repeats(name: str, value: Value, request: Span) -> bool:
    return name in COMMON and request.attributes.get(name) == value


def _milliseconds(span: Span) -> str:
    return f"{(span.ended - span.started) * 1_000:8.2f}"


def _words(span: Span) -> str:
    failure = {"error.type": span.failure.type} if span.failure else {}
    attributes: Mapping[str, Value] = {**span.attributes, **failure}
    return "  ".join(f"{name.removeprefix('dragoman.')}={_text(value)}" for name, value in attributes.items())


def _text(value: Value) -> str:
    return str(value) if isinstance(value, str | int) else ",".join(map(str, value))
