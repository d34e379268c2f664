from __future__ import annotations

import threading

import pytest

from dragoman.monitoring.prediction_log.inbox import FULL_GROUP_BYTES, Inbox


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def inbox(clock) -> Inbox:
    return Inbox(max_bytes=10, flush_seconds=5, clock=clock)


def test_rows_wait_for_others_until_they_are_old(inbox, clock):
    inbox.put([b"a"])
    assert inbox.take(until=0) is None
    clock.now = 4
    inbox.put([b"b"])
    assert inbox.take(until=4) is None
    clock.now = 5
    assert inbox.take(until=5).payloads == [b"a", b"b"]


def test_rows_that_somebody_waits_for_are_given_at_once(inbox):
    ticket = inbox.put([b"a"])
    assert ticket.wait(timeout=0) == "waiting"
    assert inbox.take(until=0).ticket is ticket


def test_a_full_group_is_given_at_once(clock):
    inbox = Inbox(max_bytes=2 * FULL_GROUP_BYTES, flush_seconds=5, clock=clock)
    inbox.put([bytes(FULL_GROUP_BYTES)])
    assert len(inbox.take(until=0).payloads) == 1


def test_rows_being_written_count_until_they_are_done(inbox):
    inbox.put([bytes(6)]).wait(timeout=0)
    group = inbox.take()
    assert inbox.put([bytes(5)]) is None
    assert inbox.put([bytes(4)]) is not group.ticket
    assert inbox.take(until=0) is None
    assert inbox.put([bytes(6)]) is not None


def test_a_closed_inbox_gives_what_it_has_and_takes_nothing(inbox):
    inbox.put([b"a"])
    inbox.close()
    assert inbox.put([b"b"]) is None
    assert inbox.take().payloads == [b"a"]
    assert inbox.take() is None


def test_rows_wake_the_one_who_waits_for_them(inbox):
    taken = []
    thread = threading.Thread(target=lambda: taken.append(inbox.take()))
    thread.start()
    ticket = inbox.put([b"a"])
    ticket.wait(timeout=0)
    thread.join(20)
    assert [group.ticket for group in taken] == [ticket]
