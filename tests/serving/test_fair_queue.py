from __future__ import annotations

import itertools
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragoman.serving import fair_queue as fair_queue_module
from dragoman.serving.fair_queue import FairQueue
from dragoman.serving.fakes import CountReadout
from dragoman.serving.work import Work

CALLS = st.lists(st.tuples(st.sampled_from("abcd"), st.integers(1, 40)), min_size=1, max_size=80)


def work(length: int) -> Work:
    return Work([1] * length, None, CountReadout(), key=None, priority="online")


def queue_of(*calls: tuple[str, int]) -> FairQueue:
    queue = FairQueue(itertools.count(1))
    for caller, length in calls:
        queue.push(work(length), caller)
    return queue


def served(queue: FairQueue, count: int) -> list[Work]:
    found = []
    while len(found) < count and (one := queue.pop()) is not None:
        queue.serve(one)
        found.append(one)
    return found


@given(CALLS)
@settings(max_examples=80, deadline=None)
def test_each_callers_texts_leave_in_the_order_in_which_they_came(calls: list[tuple[str, int]]) -> None:
    left = [(one.caller, len(one)) for one in served(queue_of(*calls), len(calls))]
    for caller in "abcd":
        assert [one for one in left if one[0] == caller] == [one for one in calls if one[0] == caller]


@given(CALLS, st.integers(0, 80))
@settings(max_examples=80, deadline=None)
def test_callers_that_wait_have_had_the_same_but_for_one_text_each(calls: list[tuple[str, int]], count: int) -> None:
    queue = queue_of(*calls)
    had: Counter[str] = Counter()
    for one in served(queue, count):
        had[one.caller] += len(one)
    waiting = [caller for caller in "abcd" if caller in queue._waiting]
    assert max((had[one] for one in waiting), default=0) - min((had[one] for one in waiting), default=0) <= 80


@given(CALLS, st.sampled_from("abcde"), st.integers(1, 100))
@settings(max_examples=80, deadline=None)
def test_what_is_ahead_is_told_within_a_factor_of_two_and_never_too_much(
    calls: list[tuple[str, int]], caller: str, tokens: int
) -> None:
    queue = queue_of(*calls)
    waiting: Counter[str] = Counter()
    for other, length in calls:
        waiting[other] += length
    share = waiting[caller] + tokens
    exact = share + sum(min(count, share) for other, count in waiting.items() if other != caller)
    assert exact / 2 <= queue.ahead(caller, tokens) <= exact


def test_a_removed_text_is_gone_and_counts_no_more() -> None:
    queue = queue_of(("a", 5))
    removed = work(7)
    queue.push(removed, "a")
    queue.remove(removed)
    assert (queue.tokens, len(queue)) == (5, 1)
    assert [len(one) for one in served(queue, 9)] == [5]


def test_what_is_put_back_comes_next() -> None:
    queue = queue_of(("a", 5), ("a", 6), ("b", 7))
    first = queue.pop()
    assert first is not None
    queue.put_back(first)
    assert [len(one) for one in served(queue, 3)] == [5, 7, 6]


def test_many_callers_who_came_once_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fair_queue_module, "REMEMBERED", 50)
    queue = queue_of(("stays", 1_000_000), ("stays", 1))
    for number in range(2_000):
        queue.push(work(3), str(number))
        served(queue, 1)
    assert len(queue._ends) < 200


def test_an_empty_queue_starts_a_new_day() -> None:
    queue = queue_of(*[("a", 10)] * 10)
    served(queue, 10)
    queue.push(work(1), "b")
    queue.push(work(2), "a")
    assert [one.caller for one in served(queue, 2)] == ["b", "a"]
