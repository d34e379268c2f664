from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.serving.halves import FIRST_SHARE, LEAST_TOKENS, PATIENCE, Halves, Part

ENOUGH, SECONDS = 256, 0.02  # tokens that are worth a batch, and what it takes on all threads
LATER = PATIENCE * SECONDS / Part(0).share


def chosen(halves: Halves, waiting: int, *, now: float = 0.0) -> Part | None:
    return halves.choose(waiting, ENOUGH, SECONDS, now)


@pytest.mark.parametrize("waiting", [1, LEAST_TOKENS, 2 * LEAST_TOKENS - 1])
def test_what_is_too_little_for_two_gets_the_whole_session(waiting: int) -> None:
    assert chosen(Halves(2), waiting) == Part(None, None)


def test_what_is_enough_for_two_is_divided_so_that_the_halves_do_not_end_together() -> None:
    part = chosen(Halves(2), 1_000)
    assert part == Part(0, round(1_000 * FIRST_SHARE))
    assert part.share == 0.5


def test_a_session_without_halves_runs_one_batch_after_the_other() -> None:
    halves = Halves(1)
    assert chosen(halves, 10_000) == Part()
    halves.begins(Part(), 1.0)
    assert chosen(halves, 10_000) is None
    halves.over(Part())
    assert chosen(halves, 1) == Part()


def test_nothing_runs_beside_a_batch_on_all_threads() -> None:
    halves = Halves(2)
    halves.begins(Part(), 1.0)
    assert chosen(halves, 10_000) is None


@pytest.mark.parametrize("half", [0, 1])
def test_the_free_half_takes_what_is_worth_a_batch(half: int) -> None:
    halves = Halves(2)
    halves.begins(Part(half), LATER)
    assert chosen(halves, ENOUGH - 1) is None
    assert chosen(halves, ENOUGH) == Part(1 - half)


def test_a_small_batch_waits_for_an_end_that_is_near_and_for_no_other() -> None:
    halves = Halves(2)
    halves.begins(Part(0), LATER)
    assert chosen(halves, 1) is None
    halves.begins(Part(0), LATER + 0.001)
    assert chosen(halves, 1) == Part(1)


def test_both_halves_at_work_take_nothing() -> None:
    halves = Halves(2)
    halves.begins(Part(0), 1.0)
    halves.begins(Part(1), 2.0)
    assert chosen(halves, 10_000) is None
    assert halves.left(0.5) == pytest.approx(0.5 * 0.5 + 0.5 * 1.5)


@given(st.lists(st.tuples(st.integers(1, 5_000), st.floats(0.0, 1.0)), max_size=40))
def test_whatever_comes_no_part_is_given_twice_and_something_always_runs(steps: list[tuple[int, float]]) -> None:
    halves, running, now = Halves(2), [], 0.0
    for waiting, seconds in steps:
        now += seconds
        if (part := chosen(halves, waiting, now=now)) is None:
            assert running
            halves.over(running.pop(0))
            continue
        assert part.half not in [one.half for one in running]
        assert not running or (part.half is not None and running[0].half is not None)
        running.append(part)
        halves.begins(part, now + seconds)
