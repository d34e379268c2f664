"""Traces of HTTP requests: the place in the caller's trace, the request's own span, and its header."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dragoman.api.traceparent import TRACEPARENT, TRACERESPONSE, TRACESTATE, read_context, traceresponse
from dragoman.serving.tracing import Context, Outcome, Trace, Tracer, as_current

__all__ = ["PROBLEM", "ROUTE", "TRACED", "Traced"]

ROUTE = "dragoman.route"  # in the scope of a request: the path of its route, without what stands for its parameters
TRACED = "dragoman.traced"  # in the scope of one that predicts
PROBLEM = "dragoman.problem"  # in the scope of one that failed: the type of its error

PARENT, STATE = TRACEPARENT.encode(), TRACESTATE.encode()


class Traced:
    """Middleware that begins the trace of each request, and ends those of requests that predict.

    Without a tracer nothing is recorded, and no header is sent; but the prediction log gets the caller's trace id.
    """

    def __init__(self, app: ASGIApp, tracer: Tracer | None = None) -> None:
        self.app, self.tracer = app, tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        parent = parent_of(scope["headers"]) if scope["type"] == "http" else None
        if self.tracer is not None and scope["type"] == "http":
            await self._trace(self.tracer.begin(parent), scope, receive, send)
        elif parent is None:
            await self.app(scope, receive, send)
        else:
            with as_current(Trace(parent)):
                await self.app(scope, receive, send)

    async def _trace(self, trace: Trace, scope: Scope, receive: Receive, send: Send) -> None:
        status: int = HTTPStatus.INTERNAL_SERVER_ERROR

        async def told(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start" and TRACED in scope:
                status = message["status"]
                header = (TRACERESPONSE.encode(), traceresponse(trace.context).encode())
                message = {**message, "headers": [*message.get("headers", ()), header]}
            await send(message)

        with as_current(trace):
            try:
                await self.app(scope, receive, told)
            finally:
                if TRACED in scope and trace.is_recorded:
                    end(trace, scope, status)


def parent_of(headers: Iterable[tuple[bytes, bytes]]) -> Context | None:
    """The place in its trace that a caller has sent."""
    parents = [value for name, value in headers if name == PARENT]
    if not parents:
        return None
    states = [value.decode("latin-1") for name, value in headers if name == STATE]
    return read_context([parent.decode("latin-1") for parent in parents], states)


def end(trace: Trace, scope: Scope, status: int) -> None:
    """Tell of a request by the names of OpenTelemetry's conventions; its path and its query may hold anything."""
    method, route = scope["method"], scope[ROUTE]
    attributes: dict[str, str | int] = {
        "http.request.method": method,
        "http.route": route,
        "http.response.status_code": status,
        "url.scheme": scope.get("scheme", "http"),
        "network.protocol.version": scope.get("http_version", ""),
    }
    error = scope.get(PROBLEM, str(status)) if status >= HTTPStatus.BAD_REQUEST else ""
    is_fault = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    trace.end(Outcome(f"{method} {route}", attributes, error, is_fault))
