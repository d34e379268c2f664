from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragoman.errors import Overloaded
from dragoman.serving import scheduler as scheduler_module
from dragoman.serving.scheduler import GRID_SLACK, SMALL_GRID, Scheduler
from dragoman.serving.sequence import Sequence, Status

LENGTHS = st.lists(st.integers(1, 60), min_size=1, max_size=80)


def sequences_of(*lengths: int) -> list[Sequence]:
    return [Sequence([7] * length) for length in lengths]


def lengths_of(batch: list[Sequence]) -> list[int]:
    return [len(one) for one in batch]


def small_scheduler(*, max_batch_tokens: int = 32, max_queue_tokens: int = 10_000) -> Scheduler:
    return Scheduler(max_batch_tokens=max_batch_tokens, max_queue_tokens=max_queue_tokens)


@given(LENGTHS, st.integers(16, 128))
@settings(max_examples=60, deadline=None)
def test_every_text_runs_exactly_once(lengths: list[int], max_batch_tokens: int) -> None:
    scheduler = small_scheduler(max_batch_tokens=max_batch_tokens)
    added = sequences_of(*lengths)
    scheduler.add(added)
    ran: list[Sequence] = []
    while batch := scheduler.next_batch():
        ran += batch
    assert sorted(map(id, ran)) == sorted(map(id, added))
    assert scheduler.waiting_tokens == 0


@given(LENGTHS, st.integers(16, 128))
@settings(max_examples=60, deadline=None)
def test_every_batch_holds_the_oldest_text_and_keeps_its_budgets(lengths: list[int], max_batch_tokens: int) -> None:
    scheduler = small_scheduler(max_batch_tokens=max_batch_tokens)
    waiting = sequences_of(*lengths)
    scheduler.add(waiting)
    while batch := scheduler.next_batch():
        tokens, cells = sum(lengths_of(batch)), len(batch) * max(lengths_of(batch))
        assert batch[0] is waiting[0]
        assert tokens <= max_batch_tokens or len(batch) == 1
        assert cells <= max(GRID_SLACK * tokens, max_batch_tokens // SMALL_GRID) or len(batch) == 1
        waiting = [one for one in waiting if one not in batch]


def test_the_oldest_text_is_joined_by_those_of_its_own_length() -> None:
    scheduler = small_scheduler(max_batch_tokens=32)
    scheduler.add(sequences_of(8, 30, 2, 8, 7, 9, 25))
    assert lengths_of(scheduler.next_batch()) == [8, 8, 7, 9]


def test_texts_of_several_requests_share_a_batch() -> None:
    scheduler = small_scheduler()
    for _ in range(3):
        scheduler.add(sequences_of(5))
    assert lengths_of(scheduler.next_batch()) == [5, 5, 5]


def test_a_long_text_does_not_widen_the_grid_of_many_short_ones() -> None:
    scheduler = small_scheduler(max_batch_tokens=400)
    scheduler.add(sequences_of(*[3] * 50, 100))
    assert lengths_of(scheduler.next_batch()) == [3] * 50
    assert lengths_of(scheduler.next_batch()) == [100]


def test_a_text_longer_than_the_budget_runs_alone() -> None:
    scheduler = small_scheduler(max_batch_tokens=16)
    scheduler.add(sequences_of(40, 4))
    assert [lengths_of(scheduler.next_batch()) for _ in range(2)] == [[40], [4]]


def test_texts_past_the_look_ahead_keep_their_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduler_module, "LOOK_AHEAD", 2)
    scheduler = small_scheduler(max_batch_tokens=10)
    scheduler.add(sequences_of(4, 9, 4, 5))
    assert [lengths_of(scheduler.next_batch()) for _ in range(3)] == [[4], [9], [4, 5]]


def test_cancelled_texts_are_dropped_and_make_room() -> None:
    scheduler = small_scheduler(max_queue_tokens=20)
    given_up, kept = sequences_of(6, 6), sequences_of(8)
    scheduler.add(given_up)
    scheduler.add(kept)
    scheduler.cancel(given_up)
    scheduler.cancel(given_up)
    assert scheduler.can_add(12)
    assert scheduler.next_batch() == kept
    assert [one.status for one in given_up] == [Status.CANCELLED] * 2


def test_cancelling_a_running_text_changes_nothing() -> None:
    scheduler = small_scheduler()
    scheduler.add(sequences_of(6))
    batch = scheduler.next_batch()
    scheduler.cancel(batch)
    assert batch[0].status is Status.RUNNING
    assert scheduler.waiting_tokens == 0


def test_a_full_queue_refuses_the_whole_request_and_says_when_to_come_back() -> None:
    scheduler = small_scheduler(max_queue_tokens=20)
    scheduler.add(sequences_of(15))
    with pytest.raises(Overloaded, match="15 tokens wait and the request has 9; the queue holds 20") as caught:
        scheduler.add(sequences_of(2, 7))
    assert caught.value.retry_after == 1
    assert "serving.max_queue_tokens" in caught.value.help
    assert scheduler.waiting_tokens == 15


def test_retry_after_follows_the_measured_speed() -> None:
    scheduler = small_scheduler(max_queue_tokens=100)
    scheduler.tokens_per_second = 10.0
    scheduler.add(sequences_of(95))
    with pytest.raises(Overloaded) as caught:
        scheduler.add(sequences_of(9))
    assert caught.value.retry_after == 10


def test_a_request_larger_than_the_queue_is_taken_when_nothing_waits() -> None:
    scheduler = small_scheduler(max_queue_tokens=20)
    scheduler.add(sequences_of(15, 15))
    assert scheduler.waiting_tokens == 30
    assert not scheduler.can_add(1)


def test_finishing_hands_each_text_its_own_row_and_measures_speed() -> None:
    scheduler = small_scheduler()
    scheduler.add(sequences_of(3, 3))
    batch = scheduler.next_batch()
    rows = [np.full(2, number, dtype=np.float32) for number in range(2)]
    scheduler.finish(batch, rows)
    assert [one.future.result()[0] for one in batch] == [0.0, 1.0]
    assert scheduler.tokens_per_second > 0
