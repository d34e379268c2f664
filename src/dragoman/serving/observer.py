"""What serving tells of itself while it works. `monitoring.metrics` listens; nobody has to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from dragoman.records import Prediction
from dragoman.serving.options import Priority
from dragoman.serving.tasks.base import Prepared

__all__ = ["Answered", "BatchRan", "Failed", "Observer", "Observers", "Silent", "TextSeen"]


class TextSeen(NamedTuple):
    """One input of an answered request."""

    language: str
    tokens: int
    truncated: bool
    compute: float = 0.0  # seconds of inference that were its share; 0 for a result that was there already
    prepared: Prepared | None = None
    prediction: Prediction | None = None
    projections: NDArray[np.float32] | None = None  # of its hidden vector, where the model has a reference


class Answered(NamedTuple):
    """A request that was answered with predictions."""

    model: str
    version: str
    task: str
    texts: Sequence[TextSeen]
    seconds: float  # from its arrival to its answer
    queue_seconds: float
    priority: Priority = "online"
    is_copy: bool = False  # of a request that another version answered


class Failed(NamedTuple):
    """A request that was answered with an error."""

    model: str
    version: str
    task: str
    error: BaseException
    language: str = ""  # as the caller said; empty if it did not, or said several
    priority: Priority = "online"
    is_copy: bool = False


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

    def failed(self, request: Failed) -> None: ...

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

    def failed(self, request: Failed) -> None: ...

    def batch_ran(self, engine: str, batch: BatchRan) -> None: ...

    def asked(self, engine: str, *, hits: int, misses: int, coalesced: int, queue_tokens: int) -> None: ...

    def cached(self, engine: str, size: int) -> None: ...

    def restarted(self, engine: str, reason: str) -> None: ...


class Observers:
    """Tells several, in order."""

    def __init__(self, *observers: Observer) -> None:
        self.observers = observers

    def answered(self, request: Answered) -> None:
        for one in self.observers:
            one.answered(request)

    def failed(self, request: Failed) -> None:
        for one in self.observers:
            one.failed(request)

    def batch_ran(self, engine: str, batch: BatchRan) -> None:
        for one in self.observers:
            one.batch_ran(engine, batch)

    def asked(self, engine: str, *, hits: int, misses: int, coalesced: int, queue_tokens: int) -> None:
        for one in self.observers:
            one.asked(engine, hits=hits, misses=misses, coalesced=coalesced, queue_tokens=queue_tokens)

    def cached(self, engine: str, size: int) -> None:
        for one in self.observers:
            one.cached(engine, size)

    def restarted(self, engine: str, reason: str) -> None:
        for one in self.observers:
            one.restarted(engine, reason)
