"""From what a request told of its way to spans: made when it is over, of times that were there already.

```text
POST /v1/models/{name}/predict      the request, from its first byte to its answer
├── tokenise                        reading the inputs, up to the engine's queue
├── look_up                         of it, the time that the store of features took
├── queue, inference                for each batch that held some of its texts
├── postprocess                     from the last result to the answer
└── log                             handing the answer to the prediction log
```

Names and values of attributes come from the code, the model and OpenTelemetry's conventions. No text, subject, key,
path, query, address or message of an error is ever among them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from dragoman.errors import InvalidInput
from dragoman.monitoring.traces.attributes import Value, attempt_attributes, request_attributes
from dragoman.serving.sequence import Sequence as Running
from dragoman.serving.sequence import Status
from dragoman.serving.tracing import Attempt, Trace

__all__ = ["MAX_BATCHES", "Failure", "Span", "spans_of"]

MAX_BATCHES = 16  # that a request's spans tell apart; the last ones tell of all others together


class Failure(NamedTuple):
    """What went wrong, by its type: messages may quote what they are about."""

    type: str
    is_fault: bool  # of this side: neither a wrong request nor a caller who has gone


class Span(NamedTuple):
    """A piece of a request's way. Times are seconds of `time.monotonic`."""

    name: str
    started: float
    ended: float
    attributes: Mapping[str, Value] = {}
    failure: Failure | None = None


class Ride(NamedTuple):
    """What the texts of a request had in common with one batch, or with those that never ran."""

    arrived: float
    started: float
    finished: float
    texts: int
    tokens: int
    batch: tuple[int, int]  # its texts and tokens, of everybody; zeros if it gave no answer, or there are several
    failure: Failure | None


def spans_of(trace: Trace) -> list[Span]:
    """The request's own span first, then those within it, in order of their beginnings."""
    request = Span(trace.outcome.name, trace.started, trace.ended, request_attributes(trace), _failure_of(trace))
    steps = [step for attempt in trace.attempts for step in _steps(attempt)]
    inside = [step._replace(ended=min(step.ended, trace.ended)) for step in steps if step.started <= trace.ended]
    return [request, *sorted(inside, key=lambda step: step.started)]


def _failure_of(trace: Trace) -> Failure | None:
    outcome = trace.outcome
    if outcome.error:
        return Failure(outcome.error, outcome.is_fault)
    return _failed(trace.attempts[-1].error) if trace.attempts else None


def _failed(error: BaseException | None) -> Failure | None:
    is_fault = isinstance(error, Exception) and not isinstance(error, InvalidInput)
    return None if error is None else Failure(type(error).__name__, is_fault)


def _steps(attempt: Attempt) -> Iterator[Span]:
    who = attempt_attributes(attempt)
    yield _tokenise(attempt, who)
    if attempt.look_up[1]:
        yield Span("look_up", *attempt.look_up, who)
    rides = _rides(attempt)
    for ride in rides:
        yield from _ridden(ride, who)
    if attempt.answered_at:
        last = max((ride.finished for ride in rides), default=_submitted_at(attempt))
        yield Span("postprocess", min(last, attempt.answered_at), attempt.answered_at, who)
    if attempt.logged_at:
        yield Span("log", attempt.answered_at, attempt.logged_at, who)


def _tokenise(attempt: Attempt, who: Mapping[str, Value]) -> Span:
    """Up to the queue; up to the end if it did not come to that, with the error if the inputs were to blame."""
    if attempt.sequences:
        pieces = {"dragoman.pieces": len(attempt.sequences), "dragoman.tokens": sum(map(len, attempt.sequences))}
        return Span("tokenise", attempt.started, _submitted_at(attempt), {**who, **pieces})
    error = attempt.error if isinstance(attempt.error, InvalidInput) else None
    return Span("tokenise", attempt.started, attempt.answered_at or attempt.ended, who, _failed(error))


def _submitted_at(attempt: Attempt) -> float:
    return min((one.arrived for one in attempt.sequences), default=attempt.started)


def _ridden(ride: Ride, who: Mapping[str, Value]) -> Iterator[Span]:
    own = {**who, "dragoman.pieces": ride.texts, "dragoman.tokens": ride.tokens}
    has_run = ride.finished > ride.started
    yield Span("queue", ride.arrived, ride.started, own, None if has_run else ride.failure)
    if has_run:
        texts, tokens = ride.batch
        size = {"dragoman.batch.texts": texts, "dragoman.batch.tokens": tokens} if texts else {}
        yield Span("inference", ride.started, ride.finished, {**own, **size}, ride.failure)


def _rides(attempt: Attempt) -> list[Ride]:
    """By batch, in the order in which they ended; what was in the cache is in none."""
    groups: dict[float, list[Running]] = {}
    for one in attempt.sequences:
        if not _was_cached(one):
            groups.setdefault(one.finished or attempt.ended, []).append(one)
    parts = sorted(groups.items())
    kept, rest = parts[: MAX_BATCHES - 1], parts[MAX_BATCHES - 1 :]
    if rest:
        kept.append((rest[-1][0], [one for _, group in rest for one in group]))
    return [_ride(group, finished, attempt) for finished, group in kept]


def _was_cached(one: Running) -> bool:
    return one.finished == one.arrived and one.batch == (0, 0) and one.status is Status.FINISHED


def _ride(group: Sequence[Running], finished: float, attempt: Attempt) -> Ride:
    is_one = len({one.finished for one in group}) == 1
    return Ride(
        arrived=min(one.arrived for one in group),
        started=min(one.started or finished for one in group),
        finished=finished,
        texts=len(group),
        tokens=sum(map(len, group)),
        batch=group[0].batch if is_one else (0, 0),
        failure=_failed(_error_of(group[0], attempt)),
    )


def _error_of(one: Running, attempt: Attempt) -> BaseException | None:
    match one.status:
        case Status.FINISHED:
            return None
        case Status.FAILED:
            return one.future.exception()
    return attempt.error  # it was given up
