"""Traces: the way of a request as spans, for an OpenTelemetry collector or the console."""

from __future__ import annotations

from dragoman.monitoring.traces.opening import open_tracer
from dragoman.monitoring.traces.spans import Failure, Span, spans_of
from dragoman.monitoring.traces.tracer import Sink, SpanTracer, TraceStats

__all__ = ["Failure", "Sink", "Span", "SpanTracer", "TraceStats", "open_tracer", "spans_of"]
