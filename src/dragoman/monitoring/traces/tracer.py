"""The tracer of a server: which requests are recorded, and where their spans go."""

from __future__ import annotations

import logging
import secrets
from typing import NamedTuple, Protocol

from dragoman.monitoring.traces.spans import Span, spans_of
from dragoman.serving.tracing import Context, Trace

__all__ = ["Sink", "SpanTracer", "TraceStats"]

logger = logging.getLogger(__name__)

TRACE_BYTES, SPAN_BYTES = 16, 8
RANDOM_DIGITS, RANDOM_SPACE = 14, 16**14  # of a trace id: they decide whether its trace is recorded, here and elsewhere
SAMPLED, RANDOM = 0b01, 0b10  # flags


class TraceStats(NamedTuple):
    """What became of the spans so far, and how many wait."""

    exported: int = 0
    failed: int = 0  # the collector did not take them
    dropped: int = 0  # too many were waiting
    waiting: int = 0


class Sink(Protocol):
    """Where spans go. Safe to share between threads."""

    def put(self, trace: Trace, spans: list[Span]) -> None:
        """Take the spans of a request, its own first. Returns in microseconds."""

    def stats(self) -> TraceStats: ...

    def close(self) -> None:
        """Send what waits, within a few seconds."""


class SpanTracer:
    """Records the requests that their callers record, and a `share` of those that come without a trace.

    Which ones is read from the trace id, so that every server that uses the same rule records the same traces.
    Implements `serving.tracing.Tracer`.
    """

    def __init__(self, sink: Sink, *, share: float = 1.0) -> None:
        self.sink, self.share = sink, share

    def begin(self, parent: Context | None = None) -> Trace:
        if parent is None:
            return self._root(secrets.token_hex(TRACE_BYTES))
        context = parent._replace(span=secrets.token_hex(SPAN_BYTES))
        return Trace(context, tracer=self, parent=parent, is_recorded=parent.is_sampled)

    def begin_copy(self, original: Trace) -> Trace:
        context = Context(secrets.token_hex(TRACE_BYTES), secrets.token_hex(SPAN_BYTES), RANDOM | SAMPLED)
        return Trace(context, tracer=self, original=original.context, is_recorded=True)

    def ended(self, trace: Trace) -> None:
        try:
            self.sink.put(trace, spans_of(trace))
        except Exception:
            logger.exception("The spans of a request could not be told.")

    def close(self) -> None:
        """Send what waits, within a few seconds."""
        self.sink.close()

    def _root(self, id: str) -> Trace:
        is_recorded = int(id[-RANDOM_DIGITS:], 16) < self.share * RANDOM_SPACE
        context = Context(id, secrets.token_hex(SPAN_BYTES), RANDOM | (SAMPLED if is_recorded else 0))
        return Trace(context, tracer=self, is_recorded=is_recorded)
