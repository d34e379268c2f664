"""The one place that turns errors into answers."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, ExceptionHandler, Message, Receive, Scope, Send

from dragoman.api.answers import json_answer
from dragoman.api.envelopes import Problem, in_dialect
from dragoman.api.tracing import PROBLEM, ROUTE
from dragoman.errors import DragomanError, Unauthenticated, Unavailable
from dragoman.serving.suggestion import shown

__all__ = ["EXCEPTION_HANDLERS", "LastResort", "error_answer"]

logger = logging.getLogger(__name__)

CLIENT_CLOSED_REQUEST = 499
RETRY_AFTER = "Retry-After"
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="dragoman"'}
UNEXPECTED = Problem(500, "InternalError", "The server made an error.", "its log has the details.")


def error_answer(problem: Problem, scope: Scope, headers: Mapping[str, str] | None = None) -> Response:
    """A problem in the dialect that the path speaks."""
    scope[PROBLEM] = problem.type
    status, content = in_dialect(problem, scope)
    return json_answer(content, status=status, headers=headers)


async def answer_ours(request: Request, error: Exception) -> Response:
    """An error raised on purpose: its class knows the status."""
    assert isinstance(error, DragomanError)
    headers = CHALLENGE if isinstance(error, Unauthenticated) else None
    if isinstance(error, Unavailable):
        headers = {RETRY_AFTER: str(error.retry_after)}
    return error_answer(Problem(error.status, error.type, error.message, error.help), request.scope, headers)


async def answer_router(request: Request, error: Exception) -> Response:
    """An error of the router: no such path, or not with this method."""
    assert isinstance(error, HTTPException)
    path, headers, status = shown(request.url.path), error.headers or {}, error.status_code
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        help = f"use {' or '.join(sorted(headers.get('Allow', '').split(', ')))}."
        problem = Problem(status, "MethodNotAllowed", f"{request.method} is not possible for {path}.", help)
    elif status == HTTPStatus.NOT_FOUND:
        problem = Problem(status, "NotFound", f"There is nothing at {path}.", "see /openapi.json.")
    else:
        problem = Problem(status, "InvalidRequest", str(error.detail), "see /openapi.json.")
    return error_answer(problem, request.scope, headers)


async def answer_nobody(request: Request, error: Exception) -> Response:
    """The client has gone: the answer only ends the request."""
    return Response(status_code=CLIENT_CLOSED_REQUEST)


EXCEPTION_HANDLERS: dict[type[Exception], ExceptionHandler] = {
    DragomanError: answer_ours,
    HTTPException: answer_router,
    ClientDisconnect: answer_nobody,
}


class LastResort:
    """Middleware for errors that nobody raised on purpose: logged with their traceback, answered without it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_started = False

        async def watched(message: Message) -> None:
            nonlocal has_started
            has_started = True
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except Exception as error:
            logger.exception("%s %s failed.", scope.get("method"), scope.get(ROUTE, "(no route)"))
            if has_started or scope["type"] != "http":
                raise
            answer = error_answer(UNEXPECTED, scope)
            scope[PROBLEM] = type(error).__name__  # for those who watch the server
            await answer(scope, receive, send)
