from __future__ import annotations

from typing import Self

import pytest

from dragoman.errors import InvalidInput, Untrusted
from dragoman.monitoring.history import History
from dragoman.monitoring.times import seconds_of
from dragoman.records import Counts
from dragoman.store.memory_catalog import MemoryCatalog

NOW = seconds_of("2026-11-23T05:30:00Z")


class Number:
    """A count that says how often it was decoded."""

    decoded = 0

    def __init__(self, value: int) -> None:
        self.value = value

    def merge(self, other: Self) -> None:
        self.value += other.value

    @classmethod
    def decode(cls, content: bytes) -> Number:
        cls.decoded += 1
        if content == b"other":
            raise InvalidInput("Another reference.")
        if content == b"garbage":
            raise Untrusted("These bytes are no count.")
        return cls(int(content))


@pytest.fixture
def catalog() -> MemoryCatalog:
    return MemoryCatalog()


@pytest.fixture
def history(catalog: MemoryCatalog) -> History[Number]:
    return History(catalog, "service", "support", minutes=60, decode=Number.decode)


def row(hour: int, content: bytes, *, replica: str = "a", version: str = "1") -> Counts:
    start = f"2026-11-23T{hour:02}:00:00Z"
    return Counts(kind="service", model="support", version=version, start=start, replica=replica, content=content)


def read(history: History[Number], *, since: int = 0, until: int = 23, now: float = NOW) -> dict[str, int]:
    found = history.read(since=f"2026-11-23T{since:02}:00:00Z", until=f"2026-11-23T{until:02}:00:00Z", now=now)
    return {start[11:13]: one.value for start, one in found.items()}


def test_replicas_and_versions_of_a_bucket_add_up(catalog: MemoryCatalog, history: History[Number]) -> None:
    catalog.save_counts([row(3, b"1"), row(3, b"10", replica="b"), row(3, b"100", version="2"), row(4, b"5")])

    assert read(history) == {"03": 111, "04": 5}


def test_a_bucket_that_is_over_is_read_once_and_the_running_one_each_time(
    catalog: MemoryCatalog, history: History[Number]
) -> None:
    catalog.save_counts([row(3, b"1"), row(5, b"2")])
    read(history)
    Number.decoded = 0
    catalog.save_counts([row(5, b"3")])

    assert read(history) == {"03": 1, "05": 3}
    assert Number.decoded == 1


def test_a_replica_may_store_a_bucket_shortly_after_its_end(catalog: MemoryCatalog, history: History[Number]) -> None:
    just_over = seconds_of("2026-11-23T05:00:30Z")
    catalog.save_counts([row(4, b"1")])
    read(history, now=just_over)
    catalog.save_counts([row(4, b"7")])

    assert read(history, now=just_over + 20) == {"04": 7}


def test_only_what_is_asked_for_is_answered(catalog: MemoryCatalog, history: History[Number]) -> None:
    catalog.save_counts([row(hour, b"1") for hour in range(6)])

    assert list(read(history, since=2, until=4)) == ["02", "03"]
    assert list(read(history, since=1, until=4)) == ["01", "02", "03"]


@pytest.mark.parametrize("content", [b"other", b"garbage"])
def test_counts_that_cannot_be_used_count_nowhere(
    catalog: MemoryCatalog, history: History[Number], content: bytes
) -> None:
    catalog.save_counts([row(3, b"1"), row(3, content, replica="b")])

    assert read(history) == {"03": 1}
