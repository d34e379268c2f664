from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragoman.serving.pace import LEAST_BATCHES, SMALLEST_BATCH, Pace


def learnt(*, per_token: float, fixed: float, sizes: tuple[int, ...] = (10, 50, 200)) -> Pace:
    pace = Pace()
    for tokens in sizes * 40:
        pace.add(tokens, per_token * tokens + fixed)
    return pace


@given(st.floats(1e-6, 1e-2), st.floats(0, 1))
@settings(max_examples=50, deadline=None)
def test_both_parts_of_the_time_are_found(per_token: float, fixed: float) -> None:
    pace = learnt(per_token=per_token, fixed=fixed)
    assert pace.seconds(100) == pytest.approx(100 * per_token + fixed, rel=1e-3)
    assert pace.seconds(1_000) == pytest.approx(1_000 * per_token + fixed, rel=1e-3, abs=1e-3)


def test_before_the_first_batch_nothing_takes_time() -> None:
    assert Pace().seconds(1_000) == 0.0


def test_batches_of_one_size_give_their_speed_and_no_smaller_size() -> None:
    pace = learnt(per_token=0.01, fixed=0.1, sizes=(100,))
    assert pace.seconds(100) == pytest.approx(1.1)
    assert pace.batch_size(4_096) == 4_096


@pytest.mark.parametrize(("fixed", "size"), [(0.0, SMALLEST_BATCH), (0.01, 310), (0.05, 1_550), (10.0, 4_096)])
def test_a_batch_is_as_large_as_makes_its_fixed_part_small(fixed: float, size: int) -> None:
    pace = learnt(per_token=0.001, fixed=fixed)
    assert pace.batch_size(4_096) == pytest.approx(size, abs=2)


def test_a_small_budget_is_never_exceeded() -> None:
    assert learnt(per_token=0.001, fixed=10.0).batch_size(64) == 64


def test_one_hiccup_does_not_count_in_full() -> None:
    pace = learnt(per_token=0.001, fixed=0.0)
    pace.add(100, 60.0)
    assert pace.seconds(100) < 0.12


def test_a_session_that_becomes_slower_is_believed_after_some_batches() -> None:
    pace = learnt(per_token=0.001, fixed=0.0)
    for tokens in (10, 50, 200) * 100:
        pace.add(tokens, 0.01 * tokens)
    assert pace.seconds(100) == pytest.approx(1.0, rel=0.05)


def test_many_tokens_take_the_time_of_their_batches() -> None:
    pace = learnt(per_token=0.001, fixed=0.1)
    assert pace.seconds_in_batches(1_000, 100) == pytest.approx(2.0, rel=1e-3)
    assert pace.seconds_in_batches(50, 100) == pytest.approx(0.15, rel=1e-3)


def test_the_first_batches_already_say_something() -> None:
    pace = Pace()
    for _ in range(LEAST_BATCHES - 1):
        pace.add(100, 1.0)
    assert pace.seconds(200) == pytest.approx(2.0)


def test_full_batches_alone_do_not_change_what_is_known_of_small_ones() -> None:
    pace = learnt(per_token=0.001, fixed=0.02)
    for number in range(500):
        pace.add(600 + number % 7, 0.62 + 0.05 * (number % 3))
    assert 0.01 < pace.fixed < 0.04
