"""Watches the memory of a server and of its GPUs, and says when one of them grows."""

from __future__ import annotations

import threading
from collections.abc import Callable

from dragoman.monitoring.resources.gpu import Devices, FakeDevices
from dragoman.monitoring.resources.growth import Growth, MemoryGrowth
from dragoman.monitoring.resources.room import Room, memory_room, own_memory
from dragoman.monitoring.times import stamp
from dragoman.records import Severity, Symptom

__all__ = ["PAGE_HOURS", "MemoryWatch"]

PAGE_HOURS = 6.0  # until the memory is full: sooner, somebody is woken
DAYS_FROM = 72.0  # hours that are told in days
UNITS = (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3))


class MemoryWatch:
    """Call `sample` about once a minute, and `symptoms` when the state is evaluated. Safe to share between threads.

    `known` gives the bytes of caches that fill up and stop: they are no growth. `name` tells servers apart: it is the
    name of the symptoms.
    """

    def __init__(
        self,
        name: str = "",
        *,
        devices: Devices | None = None,
        known: Callable[[], int] = int,
        own: Callable[[], int | None] = own_memory,
        room: Callable[[], Room | None] = memory_room,
    ) -> None:
        self.name, self.devices, self.known, self.own, self.room = name, devices or FakeDevices(), known, own, room
        self._memory = MemoryGrowth()
        self._gpus: dict[int, MemoryGrowth] = {}
        self._used: dict[str, tuple[int, int]] = {}  # by the symptom's name: bytes used, bytes there are
        self._lock = threading.Lock()

    def restart(self, at: float) -> None:
        """A model was loaded at this time, in seconds since 1970: what was before says nothing of what comes."""
        with self._lock:
            for growth in (self._memory, *self._gpus.values()):
                growth.restart(at)

    def sample(self, at: float) -> None:
        """Look at all memories. What cannot be read is left out."""
        used, room, gpus = self.own(), self.room(), self.devices.read()
        with self._lock:
            if used is not None and room is not None:
                self._memory.add(at, used - self.known(), room.free)
                self._used[self.name] = used, room.limit
            for gpu in gpus:
                self._gpus.setdefault(gpu.number, MemoryGrowth()).add(at, gpu.used, gpu.memory - gpu.used)
                self._used[self._gpu_name(gpu.number)] = gpu.used, gpu.memory

    def symptoms(self) -> list[Symptom]:
        """One for each memory that grows; of no model."""
        with self._lock:
            grown = [(self.name, "The server's memory", self._memory.found)]
            grown += [
                (self._gpu_name(number), f"The memory of GPU {number}", growth.found)
                for number, growth in self._gpus.items()
            ]
            return [self._symptom(name, what, growth) for name, what, growth in grown if growth is not None]

    def _symptom(self, name: str, what: str, growth: Growth) -> Symptom:
        used, limit = self._used[name]
        severity: Severity = "page" if growth.hours_left < PAGE_HOURS else "ticket"
        return Symptom(
            model="",
            kind="memory",
            name=name,
            severity=severity,
            summary=summary_of(what, growth),
            since=stamp(growth.since),
            evidence={
                "p_value": growth.p_value,
                "bytes_per_hour": round(growth.per_hour),
                "hours_left": round(growth.hours_left, 2),
                "window_hours": growth.window_hours,
                "used_bytes": used,
                "limit_bytes": limit,
            },
        )

    def _gpu_name(self, index: int) -> str:
        return f"{self.name} gpu{index}".strip()


def summary_of(what: str, growth: Growth) -> str:
    since = f"{stamp(growth.since)[:16].replace('T', ' ')} UTC"
    rate, left = shown_bytes(growth.per_hour), shown_hours(growth.hours_left)
    return f"{what} grows by {rate} an hour (since {since}); at this rate it is full in {left}."


def shown_bytes(size: float) -> str:
    """Two digits at least: 41 MB, 1.5 GB."""
    for unit, factor in UNITS:
        if size >= factor:
            return f"{size / factor:.1f} {unit}" if size < 10 * factor else f"{size / factor:.0f} {unit}"
    return f"{size:.0f} bytes"


def shown_hours(hours: float) -> str:
    """Minutes below two hours, days from three on."""
    if hours < 2:
        return f"{hours * 60:.0f} minutes"
    return f"{hours:.0f} hours" if hours < DAYS_FROM else f"{hours / 24:.0f} days"
