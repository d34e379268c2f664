"""What serving tells of itself while it works. `monitoring.metrics` listens; nobody has to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

__all__ = ["Answered", "BatchRan", "Observer", "Silent", "TextSeen"]


class TextSeen(NamedTuple):
    """One input of an answered request."""

    language: str
    tokens: int
    truncated: bool


class Answered(NamedTuple):
    """A request that was answered with predictions."""

    model: str
    version: str
    task: str
    texts: Sequence[TextSeen]
    seconds: float  # from its arrival to its answer
    queue_seconds: float


class BatchRan(NamedTuple):
    """A batch that a session ran, or failed to run."""

    texts: int
    tokens: int
    budget: int  # tokens that it might have had
    seconds: float  # in the session
    queue_tokens: int  # that wait now


class Observer(Protocol):
    """Hooks, called from any thread; each must return in microseconds and raise nothing. `engine` names a backbone."""

    def answered(self, request: Answered) -> None: ...

    def failed(self, model: str, version: str, task: str, error: BaseException) -> None: ...

    def batch_ran(self, engine: str, batch: BatchRan) -> None: ...

    def asked(self, engine: str, *, hits: int, misses: int, coalesced: int, queue_tokens: int) -> None:
        """A request came: `hits` of its texts were in the cache, `coalesced` were on their way already."""

    def cached(self, engine: str, size: int) -> None:
        """The result cache now holds `size` bytes."""

    def restarted(self, engine: str, reason: str) -> None:
        """A worker was replaced: it was "wedged", or "died"."""


class Silent:
    """Tells nobody."""

    def answered(self, request: Answered) -> None: ...

    def failed(self, model: str, version: str, task: str, error: BaseException) -> None: ...

    def batch_ran(self, engine: str, batch: BatchRan) -> None: ...

    def asked(self, engine: str, *, hits: int, misses: int, coalesced: int, queue_tokens: int) -> None: ...

    def cached(self, engine: str, size: int) -> None: ...

    def restarted(self, engine: str, reason: str) -> None: ...
