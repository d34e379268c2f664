from __future__ import annotations

import asyncio
import threading

import pytest
from tests.serving.conftest import MakeEngine
from tests.serving.pieces import pieces_of

from dragoman.errors import Overloaded
from dragoman.serving.cache import ResultCache
from dragoman.serving.tracing import (
    Attempt,
    Context,
    Outcome,
    Trace,
    as_copy,
    as_current,
    current,
    submitted,
    watched,
)

pytestmark = pytest.mark.anyio

PLACE = Context("a" * 32, "b" * 16, 1)


class FakeTracer:
    """Records everything."""

    def __init__(self) -> None:
        self.ends: list[Trace] = []

    def begin(self, parent: Context | None = None) -> Trace:
        return Trace(PLACE, tracer=self, parent=parent, is_recorded=True)

    def begin_copy(self, original: Trace) -> Trace:
        return Trace(Context("c" * 32, "d" * 16, 1), tracer=self, original=original.context, is_recorded=True)

    def ended(self, trace: Trace) -> None:
        self.ends.append(trace)


def recorded() -> Trace:
    return FakeTracer().begin()


def test_without_a_trace_nothing_is_kept_of_an_attempt() -> None:
    assert not isinstance(watched("support", "1", "text-classification"), Attempt)
    submitted([], hits=0, coalesced=0)
    assert current() is None


def test_of_a_trace_that_is_not_recorded_only_the_id_is_known() -> None:
    with as_current(Trace(PLACE)) as _, watched("support", "1", "text-classification") as attempt:
        assert not isinstance(attempt, Attempt)
        assert current().context.trace == "a" * 32  # type: ignore[union-attr]
    assert current() is None


def test_an_attempt_keeps_its_times_in_order() -> None:
    trace = recorded()
    with as_current(trace), watched("support", "1", "text-classification", "r-1", "champion") as attempt:
        attempt.answered([])
        attempt.logged()
    (kept,) = trace.attempts
    assert kept.started <= kept.answered_at <= kept.logged_at <= kept.ended
    assert (kept.release, kept.arm, kept.error) == ("r-1", "champion", None)


def test_an_attempt_keeps_its_error_and_raises_it() -> None:
    trace = recorded()
    with pytest.raises(Overloaded), as_current(trace), watched("support", "1", "text-classification"):
        raise Overloaded("No.")
    assert isinstance(trace.attempts[0].error, Overloaded)
    assert trace.attempts[0].answered_at == 0


async def test_tasks_and_threads_of_a_request_know_its_trace() -> None:
    with as_current(recorded()):
        assert await asyncio.create_task(asyncio.sleep(0, current())) is current()
        assert await asyncio.to_thread(current) is current()


def test_a_thread_of_somebody_else_knows_nothing_of_it() -> None:
    seen: list[Trace | None] = []
    with as_current(recorded()):
        thread = threading.Thread(target=lambda: seen.append(current()))
        thread.start()
        thread.join()
    assert seen == [None]


def test_a_copy_has_a_trace_of_its_own_that_names_the_original() -> None:
    trace = recorded()
    with as_current(trace), as_copy():
        copy = current()
    assert copy is not None
    assert (copy.original, copy.context.trace) == (PLACE, "c" * 32)
    assert trace.tracer.ends == [copy]  # type: ignore[union-attr]
    assert copy.outcome == Outcome("copy")


def test_a_copy_of_what_nobody_records_keeps_the_trace_of_the_original() -> None:
    trace = Trace(PLACE)
    with as_current(trace), as_copy():
        assert current() is trace
    with as_copy():
        assert current() is None


def test_an_engine_tells_the_attempt_what_it_has_of_it(make_engine: MakeEngine) -> None:
    engine, trace = make_engine(cache=ResultCache(1 << 20)), recorded()
    engine.submit(pieces_of([5, 6]))
    engine.step()
    with as_current(trace), watched("support", "1", "text-classification"):
        engine.submit(pieces_of([5, 6], [7], [8, 9], [8, 9]))
    engine.step()
    (attempt,) = trace.attempts
    assert (attempt.hits, attempt.coalesced) == (1, 1)
    assert [one.batch for one in attempt.sequences] == [(0, 0), (2, 3), (2, 3), (2, 3)]


def test_texts_outside_of_an_attempt_are_nobodys(make_engine: MakeEngine) -> None:
    trace = recorded()
    with as_current(trace):
        make_engine().submit(pieces_of([5, 6]))
    assert trace.attempts == []


def test_only_what_is_recorded_is_told_at_its_end() -> None:
    tracer = FakeTracer()
    Trace(PLACE, tracer=tracer).end(Outcome("request"))
    tracer.begin().end(Outcome("request", {"http.route": "/"}))
    assert [trace.outcome.attributes for trace in tracer.ends] == [{"http.route": "/"}]
