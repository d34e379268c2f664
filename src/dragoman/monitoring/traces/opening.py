"""From the settings to a tracer."""

from __future__ import annotations

import sys
from urllib.parse import urlsplit

from dragoman.errors import InvalidInput, MissingExtra
from dragoman.monitoring.traces.console import ConsoleSink
from dragoman.monitoring.traces.tracer import SpanTracer

__all__ = ["open_tracer"]

CONSOLE = "console"
PATH = "/v1/traces"  # of OTLP over HTTP
SCHEMES = ("http", "https")


def open_tracer(target: str, *, share: float = 1.0) -> SpanTracer | None:
    """The tracer that sends to a collector's OTLP/HTTP address, or prints to standard error ("console"); "": none.

    Close it after the last request. Raises `InvalidInput` for another target, and `MissingExtra` without the extra
    `otel`.
    """
    if not target:
        return None
    if target == CONSOLE:
        return SpanTracer(ConsoleSink(sys.stderr), share=share)
    endpoint = _endpoint(target)
    try:
        from dragoman.monitoring.traces.exporting import ExportSink, otlp_exporter  # optional: the extra otel
    except ImportError:
        raise MissingExtra.of("otel", "Sending traces to a collector") from None
    return SpanTracer(ExportSink(otlp_exporter(endpoint)), share=share)


def _endpoint(target: str) -> str:
    """The address with the protocol's path, which may be left out."""
    parts = urlsplit(target)
    if parts.scheme not in SCHEMES or not parts.netloc:
        raise InvalidInput(
            f"`traces` is {target!r}, which is no address.",
            help="give the address of an OTLP/HTTP collector, such as http://localhost:4318, or 'console'.",
        )
    return target if parts.path.endswith(PATH) else target.rstrip("/") + PATH
