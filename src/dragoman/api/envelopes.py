"""The shape in which each dialect tells an error, and which path speaks which dialect."""

from __future__ import annotations

import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, NamedTuple

from starlette.types import Scope

from dragoman.api.messages import ErrorAnswer, ErrorDetail

__all__ = ["DIALECT", "Problem", "in_dialect"]

DIALECT = "dragoman.dialect"  # key of a scope: set where the body, not the path, decides


class Problem(NamedTuple):
    """An error on its way out."""

    status: int
    type: str
    message: str
    help: str

    @property
    def words(self) -> str:
        """One sentence or two."""
        return f"{self.message} Help: {self.help}" if self.help else self.message


Envelope = Callable[[Problem], tuple[int, Any]]

OPENAI_CODES = {
    "Forbidden": "insufficient_permissions",
    "NotFound": "model_not_found",
    "Overloaded": "rate_limit_exceeded",
    "TextTooLong": "context_length_exceeded",
    "Unauthenticated": "invalid_api_key",
}
TEI_TYPES = {
    "BodyTooLarge": (413, "Validation"),
    "DeadlineExceeded": (504, "Backend"),
    "EmptyInput": (400, "Empty"),
    "Forbidden": (403, "Validation"),
    "InternalError": (500, "Backend"),
    "InvalidRequest": (422, "Validation"),
    "MethodNotAllowed": (405, "Validation"),
    "ModelNotReady": (503, "Unhealthy"),
    "NotFound": (404, "Validation"),
    "Overloaded": (429, "Overloaded"),
    "TextTooLong": (422, "Validation"),
    "Unauthenticated": (401, "Validation"),
    "Unavailable": (503, "Unhealthy"),
    "UnknownEncoding": (415, "Validation"),
    "WrongTask": (424, "Backend"),
}
FIELD = re.compile(r"'([a-z_]+)")  # how a message about one field begins


def native(problem: Problem) -> tuple[int, Any]:
    """`{"error": {"type", "message", "help"}}`."""
    detail = ErrorDetail(type=problem.type, message=problem.message, help=problem.help)
    return problem.status, ErrorAnswer(error=detail)


def openai(problem: Problem) -> tuple[int, Any]:
    """`{"error": {"message", "type", "param", "code"}}`; what the caller can mend is 400."""
    status = HTTPStatus.BAD_REQUEST if problem.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE else problem.status
    kind = {429: "rate_limit_error"}.get(status, "invalid_request_error" if status < 500 else "server_error")
    field = FIELD.match(problem.message)
    error = {
        "message": problem.words,
        "type": kind,
        "param": "model" if problem.type == "NotFound" else field and field[1],
        "code": OPENAI_CODES.get(problem.type),
    }
    return status, {"error": error}


def cohere(problem: Problem) -> tuple[int, Any]:
    """`{"message"}`; `detail` says the same to clients of Jina."""
    return problem.status, {"message": problem.words, "detail": problem.words}


def tei(problem: Problem) -> tuple[int, Any]:
    """`{"error", "error_type"}`, with the statuses of text-embeddings-inference."""
    status, kind = TEI_TYPES.get(problem.type, (424, "Backend"))
    return status, {"error": problem.words, "error_type": kind}


def open_inference(problem: Problem) -> tuple[int, Any]:
    """`{"error": str}`, also of KServe v1."""
    return problem.status, {"error": problem.words}


ENVELOPES: dict[str, Envelope] = {
    "native": native,
    "openai": openai,
    "cohere": cohere,
    "tei": tei,
    "open_inference": open_inference,
}
PATHS = (
    (re.compile(r"(/openai)?(/v1)?/embeddings"), "openai"),
    (re.compile(r"(/models/[^/]+)?(/v[12])?/rerank|/v[12]/embed"), "cohere"),
    (re.compile(r"/v2(/.*)?|/v1/models/.*:predict"), "open_inference"),
    (re.compile(r"/(embed|predict|similarity|tokenize|decode|info|health|ping)[^/]*|/invocations|/vertex"), "tei"),
    (re.compile(r"/models/.*"), "tei"),
)


def in_dialect(problem: Problem, scope: Scope) -> tuple[int, Any]:
    """Status and content of an answer that tells a problem to the client who asked."""
    return ENVELOPES[scope.get(DIALECT) or dialect_of(scope.get("path", ""), scope.get("method", "GET"))](problem)


def dialect_of(path: str, method: str) -> str:
    if path == "/" and method == "POST":
        return "tei"
    return next((dialect for pattern, dialect in PATHS if pattern.fullmatch(path)), "native")
