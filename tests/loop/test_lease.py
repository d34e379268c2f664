from __future__ import annotations

import threading

import pytest

from dragoman.errors import Unavailable
from dragoman.loop.lease import Lease


class Asked:
    """Answers what it is told to, and then yes; the time that was asked for is kept."""

    def __init__(self, *answers: bool | Exception) -> None:
        self.answers, self.seconds = list(answers), list[float]()
        self.is_done = threading.Event()

    def lease(self, name: str, holder: str, *, seconds: float) -> bool:
        self.seconds.append(seconds)
        if not self.answers:
            self.is_done.set()
            return True
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        if not answer:
            self.is_done.set()
        return answer


def test_a_lease_that_somebody_else_has_is_not_taken() -> None:
    lease = Lease(Asked(False), "loop", "me", seconds=60.0)
    assert not lease.take()
    assert not lease.is_held


def test_a_lease_is_renewed_until_it_is_released() -> None:
    asked = Asked(True, True, True)
    lease = Lease(asked, "loop", "me", seconds=0.03)
    assert lease.take()
    assert asked.is_done.wait(30.0)
    lease.release()
    assert not lease.is_held
    assert asked.seconds[-1] == 0.0
    assert set(asked.seconds[:-1]) == {0.03}


def test_a_catalog_that_is_away_for_a_moment_ends_no_lease() -> None:
    asked = Asked(True, Unavailable("no route"), True)
    with Lease(asked, "loop", "me", seconds=0.03) as lease:
        assert lease.take()
        assert asked.is_done.wait(30.0)


def test_a_lease_that_was_lost_says_so() -> None:
    asked = Asked(True, False)
    lease = Lease(asked, "loop", "me", seconds=0.03)
    assert lease.take()
    assert asked.is_done.wait(30.0)
    while lease.is_held:
        pass
    lease.abandon()
    assert asked.seconds == [0.03, 0.03]


def test_a_lease_that_was_lost_may_be_taken_again() -> None:
    lease = Lease(Asked(), "loop", "me", seconds=60.0)
    assert lease.take()
    earlier = lease._thread
    assert lease.take()
    assert earlier is not None
    earlier.join(30.0)
    assert not earlier.is_alive()
    assert lease.is_held
    lease.release()


def test_a_lease_is_held_only_as_long_as_was_asked_for() -> None:
    lease = Lease(Asked(True), "loop", "me", seconds=0.0)
    assert lease.renew()
    assert not lease.is_held


def test_after_an_error_the_lease_is_left_to_run_out() -> None:
    asked = Asked()
    with pytest.raises(ZeroDivisionError), Lease(asked, "loop", "me", seconds=60.0) as lease:
        lease.take()
        raise ZeroDivisionError
    assert asked.seconds == [60.0]
