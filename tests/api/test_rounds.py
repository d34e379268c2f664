from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from itertools import count

import pytest

from dragoman.api.rounds import LONGEST_ROUND, PAUSE, Rounds
from dragoman.errors import Overloaded
from dragoman.serving.fakes import FakeClock


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def is_refused(ask: Callable[[], None]) -> bool:
    try:
        ask()
    except Overloaded:
        return True
    return False


def handled(rounds: Rounds, clock: FakeClock, *, seconds: float) -> Iterator[bool]:
    """Requests of one round, each of which takes some time; whether it was refused."""
    for _ in count():
        refused = is_refused(rounds.check)
        clock.now += 0.0 if refused else seconds
        yield refused


@pytest.mark.anyio
async def test_the_last_requests_of_a_long_round_are_refused(clock: FakeClock) -> None:
    requests = handled(Rounds(clock=clock), clock, seconds=LONGEST_ROUND * 0.4)
    assert [next(requests) for _ in range(5)] == [False, False, False, True, True]


@pytest.mark.anyio
async def test_the_next_round_begins_without_them(clock: FakeClock) -> None:
    rounds = Rounds(clock=clock)
    requests = handled(rounds, clock, seconds=LONGEST_ROUND * 2)
    assert [next(requests), next(requests)] == [False, True]
    await asyncio.sleep(0)
    assert [next(requests), next(requests)] == [False, True]


@pytest.mark.anyio
async def test_many_short_rounds_refuse_nobody(clock: FakeClock) -> None:
    requests = handled(Rounds(clock=clock), clock, seconds=LONGEST_ROUND * 0.9)
    for _ in range(10):
        assert not next(requests)
        await asyncio.sleep(0)


@pytest.mark.anyio
async def test_nothing_is_read_until_the_loop_has_caught_up(clock: FakeClock) -> None:
    rounds = Rounds(clock=clock)
    requests = handled(rounds, clock, seconds=LONGEST_ROUND * 2)
    assert [is_refused(rounds.admit), next(requests), next(requests), is_refused(rounds.admit)] == [
        False,
        False,
        True,
        True,
    ]
    clock.now += PAUSE
    assert not is_refused(rounds.admit)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()
