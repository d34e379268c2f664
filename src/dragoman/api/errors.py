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
from dragoman.api.messages import ErrorAnswer, ErrorDetail
from dragoman.errors import DragomanError, Unavailable
from dragoman.serving.suggestion import shown

__all__ = ["EXCEPTION_HANDLERS", "LastResort", "error_answer"]

logger = logging.getLogger(__name__)

CLIENT_CLOSED_REQUEST = 499
RETRY_AFTER = "Retry-After"


def error_answer(status: int, detail: ErrorDetail, headers: Mapping[str, str] | None = None) -> Response:
    """`{"error": {"type", "message", "help"}}`."""
    return json_answer(ErrorAnswer(error=detail), status=status, headers=headers)


async def answer_ours(request: Request, error: Exception) -> Response:
    """An error raised on purpose: its class knows the status."""
    assert isinstance(error, DragomanError)
    headers = {RETRY_AFTER: str(error.retry_after)} if isinstance(error, Unavailable) else None
    return error_answer(error.status, ErrorDetail(type=error.type, message=error.message, help=error.help), headers)


async def answer_router(request: Request, error: Exception) -> Response:
    """An error of the router: no such path, or not with this method."""
    assert isinstance(error, HTTPException)
    path, headers = shown(request.url.path), error.headers or {}
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        detail = ErrorDetail(
            type="MethodNotAllowed",
            message=f"{request.method} is not possible for {path}.",
            help=f"use {' or '.join(sorted(headers.get('Allow', '').split(', ')))}.",
        )
    elif error.status_code == HTTPStatus.NOT_FOUND:
        detail = ErrorDetail(type="NotFound", message=f"There is nothing at {path}.", help="see /openapi.json.")
    else:
        detail = ErrorDetail(type="InvalidRequest", message=str(error.detail), help="see /openapi.json.")
    return error_answer(error.status_code, detail, headers)


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
        except Exception:
            logger.exception("%s %s failed.", scope.get("method"), scope.get("path"))
            if has_started or scope["type"] != "http":
                raise
            await unexpected_answer()(scope, receive, send)


def unexpected_answer() -> Response:
    detail = ErrorDetail(type="InternalError", message="The server made an error.", help="its log has the details.")
    return error_answer(HTTPStatus.INTERNAL_SERVER_ERROR, detail)
