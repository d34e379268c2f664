from __future__ import annotations

import asyncio

import numpy as np
import pytest

from dragoman.serving.sequence import Sequence, Status, wait_for_all

LOGITS = np.zeros(3, dtype=np.float32)


def test_a_sequence_goes_from_waiting_over_running_to_finished() -> None:
    sequence = Sequence([0, 5, 2])
    seen = [sequence.status]
    sequence.start(1.0)
    seen.append(sequence.status)
    sequence.finish(LOGITS, 2.0)
    assert [*seen, sequence.status] == [Status.WAITING, Status.RUNNING, Status.FINISHED]


def test_an_error_as_outcome_fails_the_sequence() -> None:
    sequence = Sequence([0, 2])
    sequence.start(1.0)
    sequence.finish(ValueError("no"), 2.0)
    assert sequence.status is Status.FAILED
    with pytest.raises(ValueError, match="no"):
        sequence.future.result()


def test_only_a_waiting_sequence_is_cancelled_and_only_once() -> None:
    waiting, running = Sequence([0, 2]), Sequence([0, 2])
    running.start(1.0)
    assert [waiting.cancel(), waiting.cancel(), running.cancel()] == [True, False, False]
    assert [waiting.status, running.status] == [Status.CANCELLED, Status.RUNNING]


@pytest.mark.anyio
async def test_waiting_for_all_ends_when_the_last_one_is_done() -> None:
    sequences = [Sequence([0, 2]) for _ in range(3)]
    for sequence in sequences[:2]:
        sequence.start(1.0)
    waiter = asyncio.ensure_future(wait_for_all(sequences))
    for sequence in sequences[:2]:
        await asyncio.to_thread(sequence.finish, LOGITS, 2.0)
    await asyncio.sleep(0)
    assert not waiter.done()
    sequences[2].cancel()
    await asyncio.wait_for(waiter, timeout=5)


@pytest.mark.anyio
async def test_waiting_for_none_ends_at_once() -> None:
    await asyncio.wait_for(wait_for_all([]), timeout=5)
