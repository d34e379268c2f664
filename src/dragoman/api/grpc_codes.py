"""From errors to the statuses of gRPC."""

from __future__ import annotations

from dragoman.errors import DragomanError

__all__ = ["code_of"]

CODES = {  # HTTP status → name of the gRPC status
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "FAILED_PRECONDITION",
    413: "INVALID_ARGUMENT",
    415: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


def code_of(error: DragomanError) -> str:
    """The name of the status that an error is answered with."""
    return CODES.get(error.status, "INTERNAL")
