"""What a request tells of its way, for whoever shows it as spans.

The trace of a request is a context variable: all that works for the request finds it, across tasks and threads. Where
nobody records it, that is one look at the variable. Spans are made afterwards, of the times that are known anyway.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from types import TracebackType
from typing import NamedTuple, Protocol, Self

from dragoman.records import Prediction
from dragoman.serving.context import set_for
from dragoman.serving.sequence import Sequence as Running

__all__ = [
    "Attempt",
    "Context",
    "Outcome",
    "Trace",
    "Tracer",
    "Unwatched",
    "as_copy",
    "as_current",
    "current",
    "looked_up",
    "submitted",
    "watched",
]

SAMPLED = 1  # flag of a trace that is recorded


class Context(NamedTuple):
    """The place of a span: what W3C Trace Context hands from one service to the next."""

    trace: str  # 32 digits, hexadecimal in lower case
    span: str  # 16 digits
    flags: int = 0
    state: str = ""

    @property
    def is_sampled(self) -> bool:
        """Whether whoever made it records it."""
        return bool(self.flags & SAMPLED)


class Outcome(NamedTuple):
    """What the transport says of a request when it is over; an empty error leaves it to the last attempt."""

    name: str
    attributes: Mapping[str, str | int] = {}
    error: str = ""  # its type
    is_fault: bool = False  # of this side, not of the caller's


class Tracer(Protocol):
    """Begins the traces of requests, and shows what they tell. Safe to share between threads; raises nothing."""

    def begin(self, parent: Context | None = None) -> Trace:
        """The trace of a request; `parent` is the place in its caller's trace."""

    def begin_copy(self, original: Trace) -> Trace:
        """The trace of a copy of a request: one of its own, linked to the original."""

    def ended(self, trace: Trace) -> None:
        """A trace that is recorded has come to its end."""


class Unwatched:
    """An attempt of which nobody keeps anything."""

    __slots__ = ()

    def answered(self, predictions: Sequence[Prediction]) -> None:
        """The version has answered."""

    def logged(self) -> None:
        """The answer is with the prediction log."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Attempt(Unwatched):
    """What one version did for a request. Times are seconds of `time.monotonic`; 0: it did not come to that.

    `started`, `answered_at`, `logged_at` and `ended` follow each other; `sequences` have the times in the engine.
    `hits` of them were in the cache, `coalesced` were on their way already. `look_up` is when features were asked for,
    and when they were there.
    """

    __slots__ = (
        "answered_at", "arm", "coalesced", "ended", "error", "hits", "logged_at", "look_up", "model", "predictions",
        "release", "sequences", "started", "task", "version",
    )  # fmt: skip

    def __init__(self, model: str, version: str, task: str, release: str = "", arm: str = "") -> None:
        self.model, self.version, self.task, self.release, self.arm = model, version, task, release, arm
        self.started, self.answered_at, self.logged_at, self.ended = time.monotonic(), 0.0, 0.0, 0.0
        self.sequences: Sequence[Running] = ()
        self.predictions: Sequence[Prediction] = ()
        self.hits = self.coalesced = 0
        self.error: BaseException | None = None
        self.look_up = (0.0, 0.0)

    def submitted(self, sequences: Sequence[Running], *, hits: int, coalesced: int) -> None:
        """Its texts are with the engine."""
        self.sequences, self.hits, self.coalesced = sequences, hits, coalesced

    def answered(self, predictions: Sequence[Prediction]) -> None:
        self.predictions, self.answered_at = predictions, time.monotonic()

    def logged(self) -> None:
        self.logged_at = time.monotonic()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.error, self.ended = error, time.monotonic()


UNWATCHED = Unwatched()


class Trace:
    """A request on its way: `context` is the place of its own span, `parent` that of its caller's.

    `original` is the request that this one is a copy of. The outcome is there at its end. Belongs to the task of the
    request.
    """

    __slots__ = ("attempts", "context", "ended", "is_recorded", "original", "outcome", "parent", "started", "tracer")

    def __init__(
        self,
        context: Context,
        *,
        tracer: Tracer | None = None,
        parent: Context | None = None,
        original: Context | None = None,
        is_recorded: bool = False,
    ) -> None:
        self.context, self.tracer, self.parent, self.original = context, tracer, parent, original
        self.is_recorded = is_recorded and tracer is not None
        self.started, self.ended = time.monotonic(), 0.0
        self.attempts: list[Attempt] = []
        self.outcome = Outcome("")

    def end(self, outcome: Outcome) -> None:
        """The request is over: show it, if it is recorded."""
        if self.is_recorded and self.tracer is not None:
            self.ended, self.outcome = time.monotonic(), outcome
            self.tracer.ended(self)


CURRENT: ContextVar[Trace | None] = ContextVar("trace", default=None)


def current() -> Trace | None:
    """The trace of the request that this is done for."""
    return CURRENT.get()


def recorded() -> Trace | None:
    """The same, if anybody records it."""
    trace = CURRENT.get()
    return None if trace is None or not trace.is_recorded else trace


def as_current(trace: Trace) -> set_for[Trace | None]:
    """What is done in the block is done for this request."""
    return set_for(CURRENT, trace)


@contextmanager
def as_copy() -> Iterator[None]:
    """What is done in the block is done for a copy of the request: it has a trace of its own, if any is recorded."""
    original = recorded()
    if original is None or original.tracer is None:
        yield
        return
    copy = original.tracer.begin_copy(original)
    with as_current(copy):
        try:
            yield
        finally:
            copy.end(Outcome("copy"))


def watched(model: str, version: str, task: str, release: str = "", arm: str = "") -> Unwatched:
    """An attempt to answer the request; use it as a context manager."""
    trace = recorded()
    if trace is None:
        return UNWATCHED
    attempt = Attempt(model, version, task, release, arm)
    trace.attempts.append(attempt)
    return attempt


def submitted(sequences: Sequence[Running], *, hits: int, coalesced: int) -> None:
    """An engine has the texts of the attempt under way."""
    trace = recorded()
    if trace is not None and trace.attempts:
        trace.attempts[-1].submitted(sequences, hits=hits, coalesced=coalesced)


@contextmanager
def looked_up() -> Iterator[None]:
    """In the block features are looked up for the attempt under way."""
    trace, started = recorded(), time.monotonic()
    try:
        yield
    finally:
        if trace is not None and trace.attempts:
            trace.attempts[-1].look_up = started, time.monotonic()
