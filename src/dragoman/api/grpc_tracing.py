"""Traces of gRPC calls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from dragoman.api.grpc_codes import code_of
from dragoman.api.grpc_schema import SERVICE
from dragoman.api.traceparent import TRACEPARENT, TRACERESPONSE, TRACESTATE, read_context, traceresponse
from dragoman.errors import DragomanError
from dragoman.serving.tracing import Context, Outcome, Trace, Tracer, as_current

__all__ = ["traced_call"]

FAULTS = frozenset({"DEADLINE_EXCEEDED", "INTERNAL", "UNAVAILABLE", "UNIMPLEMENTED", "UNKNOWN"})  # of the server


@contextmanager
def traced_call(method: str, tracer: Tracer | None, context: Any) -> Iterator[None]:
    """The trace of a call, as `api.tracing.Traced` has it for HTTP; `traceresponse` is in the trailing metadata."""
    parent = parent_of(context.invocation_metadata() or ())
    if tracer is None and parent is None:
        yield
        return
    trace = Trace(parent) if tracer is None and parent is not None else begin(tracer, parent, context)
    error: BaseException | None = None
    with as_current(trace):
        try:
            yield
        except BaseException as raised:
            error = raised
            raise
        finally:
            end(trace, f"{SERVICE}/{method}", error)


def begin(tracer: Tracer | None, parent: Context | None, context: Any) -> Trace:
    assert tracer is not None  # its caller has seen to it
    trace = tracer.begin(parent)
    context.set_trailing_metadata(((TRACERESPONSE, traceresponse(trace.context)),))
    return trace


def parent_of(metadata: Iterable[tuple[str, str | bytes]]) -> Context | None:
    """The place in its trace that a caller has sent."""
    parents = [value for name, value in metadata if name == TRACEPARENT and isinstance(value, str)]
    if not parents:
        return None
    return read_context(parents, [value for name, value in metadata if name == TRACESTATE and isinstance(value, str)])


def end(trace: Trace, method: str, error: BaseException | None) -> None:
    """Tell of a call by the names of OpenTelemetry's conventions."""
    code = code_of(error) if isinstance(error, DragomanError) else "UNKNOWN" if error else "OK"
    attributes: dict[str, str | int] = {
        "rpc.system.name": "grpc",
        "rpc.method": method,
        "rpc.response.status_code": code,
    }
    trace.end(Outcome(method, attributes, type(error).__name__ if error is not None else "", code in FAULTS))
