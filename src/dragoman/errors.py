"""Errors of Dragoman. Each class carries an HTTP status and the exit code of the command.

DragomanError                 500, exit 1
├── InvalidInput              400, exit 2   what the caller gave is wrong
│   ├── InvalidSpec                         a model's spec or the workspace file
│   ├── InvalidData                         a data file, with line numbers
│   ├── InvalidCheckpoint                   a folder that is not a model checkpoint
│   └── InvalidRequest        400           an HTTP request or an argument of predict
│       ├── EmptyInput        400
│       ├── TextTooLong       413
│       ├── BodyTooLarge      413
│       ├── UnknownEncoding   415           a body compressed in a way that is not read
│       └── WrongTask         400           the model does something else
├── Unauthenticated           401, exit 2   no key, or one that does not count
├── Forbidden                 403, exit 2   not with this key, or not from there
├── NotFound                  404, exit 2   a model, version, run or dataset that does not exist
├── Conflict                  409, exit 2   somebody else changed or holds it
├── GateFailed                409, exit 1   the answer is no
│   └── BudgetExceeded                      it would take more than the spec allows
├── Untrusted                 500, exit 1   a bundle or tokenizer that is not what was registered
├── MissingExtra              501, exit 2   an optional ability that is not installed
├── StorageFull               507, exit 1
└── Unavailable               503, exit 1   try again later
    ├── ModelNotReady         503
    ├── Overloaded            429
    └── DeadlineExceeded      504

A message says what is wrong, with name and value; `help` says what to do about it.
"""

from __future__ import annotations

__all__ = [
    "BodyTooLarge",
    "BudgetExceeded",
    "Conflict",
    "DeadlineExceeded",
    "DragomanError",
    "EmptyInput",
    "Forbidden",
    "GateFailed",
    "InvalidCheckpoint",
    "InvalidData",
    "InvalidInput",
    "InvalidRequest",
    "InvalidSpec",
    "MissingExtra",
    "ModelNotReady",
    "NotFound",
    "Overloaded",
    "StorageFull",
    "TextTooLong",
    "Unauthenticated",
    "Unavailable",
    "UnknownEncoding",
    "Untrusted",
    "WrongTask",
]


class DragomanError(Exception):
    """Base of every error that Dragoman raises on purpose."""

    status = 500
    exit_code = 1

    def __init__(self, message: str, *, help: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.help = help

    def __str__(self) -> str:
        return f"{self.message} Help: {self.help}" if self.help else self.message

    @property
    def type(self) -> str:
        """The class name, as answered in `error.type`."""
        return type(self).__name__


class InvalidInput(DragomanError):
    """What the caller gave is wrong."""

    status = 400
    exit_code = 2


class InvalidSpec(InvalidInput):
    """A model's spec or the workspace file has a wrong key, type or value."""


class InvalidData(InvalidInput):
    """A data file cannot become a dataset version."""


class InvalidCheckpoint(InvalidInput):
    """A folder does not hold a checkpoint that Dragoman can read."""


class InvalidRequest(InvalidInput):
    """A request, or an argument of `predict`, is wrong."""


class EmptyInput(InvalidRequest):
    """A request has no inputs, or a text has nothing in it."""


class TextTooLong(InvalidRequest):
    """A text has more tokens than the model accepts."""

    status = 413


class BodyTooLarge(InvalidRequest):
    """A request's body, or its number of inputs, is over the server's limit."""

    status = 413


class UnknownEncoding(InvalidRequest):
    """A request's body is compressed in a way that the server does not read."""

    status = 415


class WrongTask(InvalidRequest):
    """The model's task is not the one that the request needs."""


class Unauthenticated(DragomanError):
    """A request has no key, or one that does not count."""

    status = 401
    exit_code = 2


class Forbidden(DragomanError):
    """The key does not allow it, or the request comes from where none may come."""

    status = 403
    exit_code = 2


class NotFound(DragomanError):
    """A model, version, alias, run, dataset or file does not exist."""

    status = 404
    exit_code = 2


class Conflict(DragomanError):
    """Somebody else changed it first, or holds it now."""

    status = 409
    exit_code = 2


class GateFailed(DragomanError):
    """A gate of the spec answered no."""

    status = 409


class BudgetExceeded(GateFailed):
    """A training would take more than the budget of its spec has left."""


class Untrusted(DragomanError):
    """A bundle, blob or tokenizer is not what was registered."""


class MissingExtra(DragomanError):
    """An optional ability is not installed."""

    status = 501
    exit_code = 2

    @classmethod
    def of(cls, extra: str, ability: str) -> MissingExtra:
        """The error for an extra, with its install line."""
        return cls(f"{ability} needs the extra '{extra}'.", help=f"pip install 'dragoman[{extra}]'")


class StorageFull(DragomanError):
    """The disk is full; nothing was half-written."""

    status = 507


class Unavailable(DragomanError):
    """The server cannot answer now and may later."""

    status = 503
    retry_after = 1


class ModelNotReady(Unavailable):
    """The model is loading, or the server is draining."""


class Overloaded(Unavailable):
    """The queue is full."""

    status = 429


class DeadlineExceeded(Unavailable):
    """The answer cannot be there before the caller's deadline."""

    status = 504
