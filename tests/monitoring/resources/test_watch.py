from __future__ import annotations

from collections.abc import Iterator

import pytest

from dragoman.monitoring.resources.gpu import FakeDevices, Gpu
from dragoman.monitoring.resources.room import Room
from dragoman.monitoring.resources.watch import MemoryWatch, shown_bytes, shown_hours
from dragoman.monitoring.times import seconds_of
from dragoman.records import Symptom

MB, GB = 10**6, 10**9
START = seconds_of("2026-11-23T05:00:00Z")


class Server:
    """A watched server whose memory takes `per_hour` bytes an hour."""

    def __init__(self, per_hour: int, *, limit: int = 4 * GB, cached: int = 0) -> None:
        self.per_hour, self.limit, self.cached, self.minute = per_hour, limit, cached, 0
        self.gpu = Gpu(1, "H100", "GPU-1", used=0, memory=limit)
        self.devices = FakeDevices()
        self.watch = MemoryWatch(
            "web-1", devices=self.devices, known=lambda: self.taken(cached), own=self.own, room=self.room
        )

    def taken(self, per_hour: int) -> int:
        return per_hour * self.minute // 60

    def own(self) -> int | None:
        return 2 * GB + self.taken(self.per_hour + self.cached)

    def room(self) -> Room | None:
        return Room(self.limit, self.limit - (self.own() or 0))

    def symptoms(self, minutes: int) -> list[Symptom]:
        for _ in range(minutes):
            self.devices.gpus = [self.gpu._replace(used=GB + self.taken(self.gpu.used))] if self.gpu.used else []
            self.watch.sample(START + 60 * self.minute)
            self.minute += 1
        return self.watch.symptoms()


@pytest.fixture
def leak() -> Iterator[Server]:
    yield Server(200 * MB, limit=5 * GB)


def test_a_server_that_leaks_has_a_symptom_that_says_so(leak: Server) -> None:
    (symptom,) = leak.symptoms(4 * 60)
    assert symptom.key == ("", "", "memory", "web-1", "")
    assert symptom.summary == (
        "The server's memory grows by 200 MB an hour (since 2026-11-23 05:04 UTC); at this rate it is full in 11 hours."
    )
    assert (symptom.severity, symptom.since) == ("ticket", "2026-11-23T05:04:00Z")
    assert symptom.evidence["bytes_per_hour"] == pytest.approx(200 * MB, rel=0.01)
    assert symptom.evidence["limit_bytes"] == 5 * GB
    assert symptom.evidence["p_value"] < 1e-5


def test_a_memory_that_is_full_within_six_hours_is_a_page() -> None:
    (symptom,) = Server(600 * MB).symptoms(80)
    assert symptom.severity == "page"
    assert symptom.summary.endswith("full in 2 hours.")


def test_a_server_that_does_not_leak_has_no_symptom() -> None:
    assert Server(0).symptoms(10 * 60) == []


def test_a_cache_that_fills_up_is_no_leak() -> None:
    assert Server(0, cached=200 * MB).symptoms(5 * 60) == []


def test_a_loaded_model_begins_a_new_watch(leak: Server) -> None:
    assert leak.symptoms(4 * 60)
    leak.watch.restart(START + 60 * leak.minute)
    assert leak.symptoms(5) == []


def test_the_memory_of_a_gpu_is_watched_too() -> None:
    server = Server(0)
    server.gpu = server.gpu._replace(used=300 * MB)
    (symptom,) = server.symptoms(4 * 60)
    assert symptom.name == "web-1 gpu1"
    assert symptom.summary.startswith("The memory of GPU 1 grows by 300 MB an hour (since")


def test_a_memory_that_cannot_be_read_is_not_watched() -> None:
    watch = MemoryWatch(own=lambda: None, room=lambda: None)
    for minute in range(200):
        watch.sample(60.0 * minute)
    assert watch.symptoms() == []


@pytest.mark.parametrize(
    ("size", "shown"), [(41e6, "41 MB"), (1.52e9, "1.5 GB"), (9.99e3, "10.0 kB"), (12, "12 bytes"), (3e13, "30 TB")]
)
def test_sizes_have_two_digits(size: float, shown: str) -> None:
    assert shown_bytes(size) == shown


@pytest.mark.parametrize(("hours", "shown"), [(0.5, "30 minutes"), (9.2, "9 hours"), (80, "3 days")])
def test_times_have_a_unit_that_fits(hours: float, shown: str) -> None:
    assert shown_hours(hours) == shown
