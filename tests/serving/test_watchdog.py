from __future__ import annotations

import threading
from collections.abc import Hashable, Iterator

import pytest
from tests.serving.conftest import MakeEngine
from tests.serving.pieces import pieces_of, results_of

from dragoman.errors import ModelNotReady, Unavailable
from dragoman.models.packing import PackedBatch
from dragoman.runtime.base import FakeSession, Floats, Session
from dragoman.serving import engine as engine_module
from dragoman.serving.engine import Engine
from dragoman.serving.fakes import FakeClock, HeldSession
from dragoman.serving.observer import Silent
from dragoman.serving.sequence import Sequence, Status
from dragoman.serving.watchdog import LEAST_SECONDS, MOST_ESTIMATES, UNKNOWN_SECONDS, Watchdog

LONG = 10_000.0


class DyingSession(FakeSession):
    """Ends its thread on token 13."""

    def run(self, batch: PackedBatch) -> Floats:
        if 13 in batch.input_ids:
            raise SystemExit
        return super().run(batch)


class Listening(Silent):
    """Remembers restarts, and lets a test wait for them."""

    def __init__(self) -> None:
        self.restarts: list[str] = []

    def restarted(self, engine: str, reason: str) -> None:
        self.restarts.append(reason)


# The dog


@pytest.fixture
def watched(clock: FakeClock) -> Iterator[tuple[Watchdog, list[Hashable]]]:
    barks: list[Hashable] = []
    dog = Watchdog(barks.append, clock=clock)
    yield dog, barks
    dog.close()


@pytest.mark.parametrize(
    ("estimate", "bound"), [(0.1, LEAST_SECONDS), (3.0, 3.0 * MOST_ESTIMATES), (0.0, UNKNOWN_SECONDS)]
)
def test_a_bound_follows_the_estimate(estimate: float, bound: float) -> None:
    assert Watchdog(print).bound(estimate) == bound


def test_it_barks_once_at_what_is_overdue(watched: tuple[Watchdog, list[Hashable]], clock: FakeClock) -> None:
    dog, barks = watched
    dog.begins("late", 0.1)
    dog.begins("long", 100.0)
    clock.now += LEAST_SECONDS
    dog.check()
    dog.check()
    assert barks == ["late"]


def test_it_does_not_bark_at_what_ended(watched: tuple[Watchdog, list[Hashable]], clock: FakeClock) -> None:
    dog, barks = watched
    dog.begins("done", 0.1)
    dog.ends("done")
    clock.now += LONG
    dog.check()
    assert barks == []


def test_its_thread_sleeps_without_a_time_limit_while_nothing_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float | None] = []
    waiting = threading.Event()

    def wait(self: threading.Condition, timeout: float | None = None) -> bool:
        waits.append(timeout)
        waiting.set()
        return original(self, timeout)

    dog = Watchdog(print)
    original = threading.Condition.wait
    monkeypatch.setattr(type(dog._changed), "wait", wait)
    dog.start()
    assert waiting.wait(10)
    dog.close()
    assert waits[0] is None


def test_its_thread_barks_by_itself() -> None:
    barked = threading.Event()
    dog = Watchdog(lambda what: barked.set(), least=0.001)
    dog.start()
    dog.begins("late", 1e-6)
    assert barked.wait(10)
    dog.close()


# The engine


def wedged(make_engine: MakeEngine, clock: FakeClock, **changes: object) -> tuple[Engine, HeldSession, Sequence]:
    """An engine whose session is stuck in a batch."""
    session = HeldSession()
    engine = make_engine(session, clock=clock, **changes)
    engine.start()
    (stuck,) = engine.submit(pieces_of([0, 2]))
    assert session.entered.wait(10)
    return engine, session, stuck


def test_a_wedged_worker_is_replaced_and_what_waits_goes_on(make_engine: MakeEngine, clock: FakeClock) -> None:
    """PROTOCOLS 6.10: a worker that hangs in silence."""
    listening = Listening()
    engine, session, stuck = wedged(make_engine, clock, session_factory=FakeSession, observer=listening)
    waiting = engine.submit(pieces_of([0, 4, 2]))
    clock.now += LONG
    engine.watchdog.check()
    with pytest.raises(Unavailable, match="had to be replaced"):
        stuck.future.result(timeout=10)
    assert results_of(waiting + engine.submit(pieces_of([0, 2]))) == [[1.0, 1.0, 1.0], [1.0, 0.0, 1.0]]
    assert (engine.state, listening.restarts) == ("ready", ["wedged"])
    session.gate.set()


def test_a_wedged_worker_that_comes_back_late_tells_nobody_anything(make_engine: MakeEngine, clock: FakeClock) -> None:
    engine, session, stuck = wedged(make_engine, clock, session_factory=FakeSession)
    threads = engine._crew._threads
    clock.now += LONG
    engine.watchdog.check()
    session.gate.set()
    for thread in threads:
        thread.join(10)
    assert not any(thread.is_alive() for thread in threads)
    assert stuck.status is Status.FAILED
    assert results_of(engine.submit(pieces_of([0, 2]))) == [[1.0, 0.0, 1.0]]


def test_without_a_factory_a_wedged_engine_has_failed_until_it_comes_back(
    make_engine: MakeEngine, clock: FakeClock
) -> None:
    engine, session, _ = wedged(make_engine, clock)
    (waiting,) = engine.submit(pieces_of([0, 4]))
    clock.now += LONG
    engine.watchdog.check()
    assert engine.state == "failed"
    with pytest.raises(Unavailable, match="cannot be replaced"):
        waiting.future.result(timeout=10)
    with pytest.raises(Unavailable):
        engine.probe()
    session.gate.set()
    while engine.state != "ready":
        threading.Event().wait(0.001)
    assert results_of(engine.submit(pieces_of([0, 2]))) == [[1.0, 0.0, 1.0]]


def test_a_session_that_cannot_be_made_is_tried_again(
    make_engine: MakeEngine, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "FIRST_PAUSE", 0.001)
    outcomes: list[Session | OSError] = [OSError("no memory"), OSError("no memory"), FakeSession()]
    seen: list[str] = []

    def make() -> Session:
        seen.append(engine.state)
        outcome = outcomes.pop(0)
        if isinstance(outcome, OSError):
            raise outcome
        return outcome

    engine, session, _ = wedged(make_engine, clock, session_factory=make)
    (waiting,) = engine.submit(pieces_of([0, 4]))
    clock.now += LONG
    engine.watchdog.check()
    assert (seen, engine.state) == (["restarting"] * 3, "ready")
    assert isinstance(waiting.future.exception(timeout=10), Unavailable)
    session.gate.set()


def test_while_a_worker_is_replaced_nothing_is_taken(make_engine: MakeEngine, clock: FakeClock) -> None:
    refused: list[Unavailable] = []

    def make() -> Session:
        with pytest.raises(Unavailable, match="not back yet") as caught:
            engine.submit(pieces_of([0, 2]))
        refused.append(caught.value)
        return FakeSession()

    engine, session, _ = wedged(make_engine, clock, session_factory=make)
    clock.now += LONG
    engine.watchdog.check()
    assert [error.status for error in refused] == [503]
    session.gate.set()


@pytest.mark.parametrize("factory", [None, FakeSession])
def test_a_worker_that_died_is_replaced(make_engine: MakeEngine, factory: type[FakeSession] | None) -> None:
    listening = Listening()
    engine = make_engine(DyingSession(), session_factory=factory, observer=listening)
    engine.start()
    (failed,) = engine.submit(pieces_of([13]))
    with pytest.raises(Unavailable, match="had to be replaced"):
        failed.future.result(timeout=10)
    while engine.state != "ready":
        threading.Event().wait(0.001)
    assert results_of(engine.submit(pieces_of([0, 2]))) == [[1.0, 0.0, 1.0]]
    assert listening.restarts == ["died"]


def test_draining_ends_also_when_the_worker_is_wedged(make_engine: MakeEngine, clock: FakeClock) -> None:
    engine, session, _ = wedged(make_engine, clock, session_factory=FakeSession)
    waiting = engine.submit(pieces_of([0, 4, 2]))
    assert not engine.drain(timeout=0)
    clock.now += LONG
    engine.watchdog.check()
    assert engine.drain(timeout=10)
    assert results_of(waiting) == [[1.0, 1.0, 1.0]]
    with pytest.raises(ModelNotReady):
        engine.submit(pieces_of([0, 2]))
    session.gate.set()


def test_a_probe_after_a_restart_does_not_trust_answers_from_before(make_engine: MakeEngine, clock: FakeClock) -> None:
    fresh = FakeSession()
    engine, session, _ = wedged(make_engine, clock, session_factory=lambda: fresh)
    clock.now += LONG
    engine.watchdog.check()
    engine.probe(timeout=10)
    assert [batch.input_ids.tolist() for batch in fresh.batches] == [[0]]
    session.gate.set()
