"""From spans to those of OpenTelemetry's SDK: the extra `otel`.

They are made whole instead of being started and ended one by one, which the SDK allows and which costs a tenth.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags, TraceState

from dragoman.monitoring.traces.spans import Span
from dragoman.serving.tracing import Context, Trace

__all__ = ["Converter"]

SPAN_BITS = 64
NANOSECONDS = 1_000_000_000
FAULT = Status(StatusCode.ERROR)
UNSET = Status()


class Converter:
    """Makes the SDK's spans: those of one resource, the server, in the scope of this package."""

    def __init__(self, resource: Resource, version: str) -> None:
        self.resource, self.scope = resource, InstrumentationScope("dragoman", version)

    def readable(self, trace: Trace, spans: list[Span]) -> Iterator[ReadableSpan]:
        """The spans of a request, its own first; the others are its children."""
        own, behind = _place(trace.context), time.time_ns() - time.monotonic_ns()
        parent = _place(trace.parent, is_remote=True) if trace.parent else None
        links = [Link(_place(trace.original))] if trace.original else []
        kind = SpanKind.INTERNAL if trace.original else SpanKind.SERVER
        yield self._made(spans[0], own, parent, behind, kind=kind, links=links)
        for span in spans[1:]:
            place = SpanContext(own.trace_id, _new_id(), False, own.trace_flags, own.trace_state)
            yield self._made(span, place, own, behind)

    def _made(
        self,
        span: Span,
        place: SpanContext,
        parent: SpanContext | None,
        behind: int,
        *,
        kind: SpanKind = SpanKind.INTERNAL,
        links: list[Link] = [],  # noqa: B006 (never changed)
    ) -> ReadableSpan:
        failure = span.failure
        return ReadableSpan(
            span.name,
            place,
            parent,
            self.resource,
            {**span.attributes, "error.type": failure.type} if failure else span.attributes,
            links=links,
            kind=kind,
            status=FAULT if failure and failure.is_fault else UNSET,
            start_time=int(span.started * NANOSECONDS) + behind,
            end_time=int(span.ended * NANOSECONDS) + behind,
            instrumentation_scope=self.scope,
        )


def _place(context: Context, *, is_remote: bool = False) -> SpanContext:
    state = TraceState.from_header([context.state]) if context.state else TraceState()
    return SpanContext(int(context.trace, 16), int(context.span, 16), is_remote, TraceFlags(context.flags), state)


def _new_id() -> int:
    return secrets.randbits(SPAN_BITS) or 1
