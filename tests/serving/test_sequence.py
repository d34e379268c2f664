from __future__ import annotations

import asyncio

import numpy as np
import pytest

from dragoman.errors import Unavailable
from dragoman.serving.sequence import Sequence, Status, wait_for_all, waking_together

OUTPUT = np.zeros(3, dtype=np.float32)


def sequence(tokens: int = 2) -> Sequence:
    return Sequence(tokens, arrived=0.5)


def test_a_sequence_goes_from_waiting_over_running_to_finished() -> None:
    one = sequence()
    seen = [one.status]
    one.start(1.0)
    seen.append(one.status)
    one.finish(OUTPUT, 2.0)
    assert [*seen, one.status] == [Status.WAITING, Status.RUNNING, Status.FINISHED]
    assert (one.arrived, one.started, one.finished) == (0.5, 1.0, 2.0)


def test_an_error_as_outcome_fails_the_sequence() -> None:
    one = sequence()
    one.start(1.0)
    one.finish(ValueError("no"), 2.0)
    assert one.status is Status.FAILED
    with pytest.raises(ValueError, match="no"):
        one.future.result()


def test_a_waiting_sequence_that_is_finished_took_no_time() -> None:
    one = sequence()
    one.finish(OUTPUT, 2.0)
    assert (one.status, one.started, one.finished) == (Status.FINISHED, 2.0, 2.0)


def test_only_a_waiting_sequence_is_cancelled() -> None:
    waiting, running = sequence(), sequence()
    running.start(1.0)
    assert [waiting.cancel(), running.cancel()] == [True, False]
    assert [waiting.status, running.status] == [Status.CANCELLED, Status.RUNNING]


def test_a_cancelled_sequence_neither_starts_nor_finishes() -> None:
    one = sequence()
    one.cancel()
    assert not one.start(1.0)
    one.finish(OUTPUT, 2.0)
    assert one.status is Status.CANCELLED


def test_errors_that_are_shared_are_raised_apart() -> None:
    error, ones = Unavailable("Later.", help="wait."), [sequence(), sequence()]
    error.retry_after = 7
    for one in ones:
        one.finish(error, 1.0)
    first, second = (one.future.exception() for one in ones)
    assert isinstance(first, Unavailable)
    assert (first is second, str(first), first.retry_after) == (False, "Later. Help: wait.", 7)


@pytest.mark.anyio
async def test_waiting_for_all_ends_when_the_last_one_is_done() -> None:
    sequences = [sequence() for _ in range(3)]
    for one in sequences[:2]:
        one.start(1.0)
    waiter = asyncio.ensure_future(wait_for_all(sequences))
    for one in sequences[:2]:
        await asyncio.to_thread(one.finish, OUTPUT, 2.0)
    await asyncio.sleep(0)
    assert not waiter.done()
    sequences[2].cancel()
    await asyncio.wait_for(waiter, timeout=5)


@pytest.mark.anyio
async def test_the_loop_is_woken_once_for_many_sequences(monkeypatch: pytest.MonkeyPatch) -> None:
    loop, wakes = asyncio.get_running_loop(), []
    original = loop.call_soon_threadsafe
    monkeypatch.setattr(loop, "call_soon_threadsafe", lambda *given: (wakes.append(given), original(*given)))
    sequences = [sequence() for _ in range(100)]
    waiter = asyncio.ensure_future(wait_for_all(sequences))
    await asyncio.sleep(0)
    for one in sequences:
        one.finish(OUTPUT, 2.0)
    await asyncio.wait_for(waiter, timeout=5)
    assert len(wakes) == 1


@pytest.mark.anyio
async def test_the_loop_is_woken_once_for_many_waiters_whose_sequences_end_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop, wakes = asyncio.get_running_loop(), []
    original = loop.call_soon_threadsafe
    monkeypatch.setattr(loop, "call_soon_threadsafe", lambda *given: (wakes.append(given), original(*given)))
    sequences = [sequence() for _ in range(20)]
    waiters = [asyncio.ensure_future(wait_for_all([one])) for one in sequences]
    await asyncio.sleep(0)
    with waking_together():
        for one in sequences:
            one.finish(OUTPUT, 2.0)
        assert not wakes
    await asyncio.wait_for(asyncio.gather(*waiters), timeout=5)
    assert len(wakes) == 1


def test_a_loop_that_was_closed_meanwhile_is_woken_in_vain() -> None:
    loop, one = asyncio.new_event_loop(), sequence()
    waiter = loop.create_task(wait_for_all([one]))
    loop.call_soon(loop.stop)
    loop.run_forever()
    waiter.cancel()
    loop.run_until_complete(asyncio.gather(waiter, return_exceptions=True))
    loop.close()
    with waking_together():
        one.finish(OUTPUT, 2.0)


@pytest.mark.anyio
@pytest.mark.parametrize("count", [0, 3])
async def test_waiting_for_none_that_runs_ends_at_once(count: int) -> None:
    sequences = [sequence() for _ in range(count)]
    for one in sequences:
        one.finish(OUTPUT, 2.0)
    await asyncio.wait_for(wait_for_all(sequences), timeout=5)
