"""What a server tells of itself beside its metrics: its log, and the traces of its requests."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from dragoman.settings import Settings

if TYPE_CHECKING:
    from dragoman.monitoring.metrics import Metrics
    from dragoman.monitoring.traces import SpanTracer

__all__ = ["telemetry"]


def telemetry(settings: Settings, metrics: Metrics, stack: ExitStack) -> SpanTracer | None:
    """Log as the settings say until the stack closes; the tracer that they ask for, if any.

    Raises `InvalidInput` for an address that is none, and `MissingExtra` without the extra `otel`.
    """
    from dragoman.monitoring.log_format import logging_as
    from dragoman.monitoring.trace_metrics import TraceCollector
    from dragoman.monitoring.traces import open_tracer  # heavy: the serving parts

    stack.enter_context(logging_as(settings.log_format))
    tracer = open_tracer(settings.traces, share=settings.traces_sample)
    if tracer is not None:
        stack.callback(tracer.close)
        metrics.add(TraceCollector(tracer.sink.stats))
    return tracer
