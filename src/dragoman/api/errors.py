"""The one place that turns errors into answers."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dragoman.api.answers import json_answer
from dragoman.api.envelopes import Problem, in_dialect
from dragoman.api.inflation import ACCEPTED
from dragoman.api.tracing import PROBLEM, ROUTE
from dragoman.errors import DragomanError, Unauthenticated, Unavailable, UnknownEncoding
from dragoman.serving.suggestion import shown

__all__ = ["ErrorAnswers", "error_answer"]

logger = logging.getLogger(__name__)

CLIENT_CLOSED_REQUEST = 499
RETRY_AFTER = "Retry-After"
HEADERS: dict[type[DragomanError], Mapping[str, str]] = {
    Unauthenticated: {"WWW-Authenticate": 'Bearer realm="dragoman"'},
    UnknownEncoding: {"Accept-Encoding": ", ".join(ACCEPTED)},  # RFC 9110, 15.5.16
}
UNEXPECTED = Problem(500, "InternalError", "The server made an error.", "its log has the details.")


def error_answer(problem: Problem, scope: Scope, headers: Mapping[str, str] | None = None) -> Response:
    """A problem in the dialect that the path speaks."""
    scope[PROBLEM] = problem.type
    status, content = in_dialect(problem, scope)
    return json_answer(content, status=status, headers=headers)


def expected_answer(error: Exception, scope: Scope) -> Response | None:
    """The answer to an error that is told to the caller; None for one that nobody raised on purpose."""
    if isinstance(error, DragomanError):
        return answer_ours(error, scope)
    if isinstance(error, HTTPException):
        return answer_router(error, scope)
    if isinstance(error, ClientDisconnect):
        return Response(status_code=CLIENT_CLOSED_REQUEST)  # read by nobody: it only ends the request
    return None


def answer_ours(error: DragomanError, scope: Scope) -> Response:
    """An error raised on purpose: its class knows the status."""
    headers = HEADERS.get(type(error))
    if isinstance(error, Unavailable):
        headers = {RETRY_AFTER: str(error.retry_after)}
    return error_answer(Problem(error.status, error.type, error.message, error.help), scope, headers)


def answer_router(error: HTTPException, scope: Scope) -> Response:
    """No such path, or not with this method."""
    path, headers, status = shown(scope["path"]), error.headers or {}, error.status_code
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        help = f"use {' or '.join(sorted(headers.get('Allow', '').split(', ')))}."
        problem = Problem(status, "MethodNotAllowed", f"{scope['method']} is not possible for {path}.", help)
    elif status == HTTPStatus.NOT_FOUND:
        problem = Problem(status, "NotFound", f"There is nothing at {path}.", "see /openapi.json.")
    else:
        problem = Problem(status, "InvalidRequest", str(error.detail), "see /openapi.json.")
    return error_answer(problem, scope, headers)


class ErrorAnswers:
    """Middleware that answers every error. One that nobody raised on purpose is logged, its details are not told."""

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
            answer = expected_answer(error, scope) or unexpected_answer(error, scope)
            if has_started:
                raise
            await answer(scope, receive, send)


def unexpected_answer(error: Exception, scope: Scope) -> Response:
    logger.error("%s %s failed.", scope["method"], scope.get(ROUTE, "(no route)"), exc_info=error)
    answer = error_answer(UNEXPECTED, scope)
    scope[PROBLEM] = type(error).__name__  # for those who watch the server
    return answer
