"""The server's process and its disk as Prometheus metrics."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from dragoman.monitoring.resources.room import Room, memory_room, own_memory

__all__ = ["DiskCollector", "MemoryCollector", "process_collectors"]

MEASURED_EVERY = 300.0  # seconds: a folder of many files takes a while
MOST_FILES = 100_000


def process_collectors() -> list[Collector]:
    """CPU time, memory, open files, threads, garbage collection and versions of this process, for `Metrics.add`."""
    return [ProcessCollector(registry=None), PlatformCollector(registry=None), *_garbage(), MemoryCollector()]


class MemoryCollector(Collector):
    """What the process holds, beside what `prometheus_client` shows of it."""

    def __init__(
        self, own: Callable[[], int | None] = own_memory, room: Callable[[], Room | None] = memory_room
    ) -> None:
        self.own, self.room = own, room

    def collect(self) -> Iterator[Metric]:
        yield _gauge("dragoman_process_threads", "Threads of Python.", threading.active_count())
        yield _gauge("dragoman_memory_bytes", "Memory of the process that the system cannot drop.", self.own())
        room = self.room()
        limit, free = (None, None) if room is None else room
        yield _gauge("dragoman_memory_limit_bytes", "Memory that the process's control group or machine has.", limit)
        yield _gauge("dragoman_memory_free_bytes", "Memory that may still be taken.", free)


class DiskCollector(Collector):
    """The disk of a workspace's state, and what its folders hold. Sizes are measured every five minutes at most."""

    def __init__(
        self, state: Path, folders: Mapping[str, Path], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.state, self.folders, self.clock = state, folders, clock
        self._sizes: dict[str, int] = {}
        self._measured: float | None = None
        self._lock = threading.Lock()

    def describe(self) -> list[Metric]:
        """Names without a look at the disk."""
        return [*_disk(None), _sizes({})]

    def collect(self) -> Iterator[Metric]:
        yield from _disk(self.state)
        with self._lock:
            if self._measured is None or self.clock() - self._measured >= MEASURED_EVERY:
                self._measured = self.clock()
                found = {name: folder_bytes(folder) for name, folder in self.folders.items()}
                self._sizes = {name: size for name, size in found.items() if size is not None}
            yield _sizes(self._sizes)


def folder_bytes(folder: Path, *, most_files: int = MOST_FILES) -> int | None:
    """Bytes of all files below a folder; None if there are too many to count. What goes away meanwhile is no error."""
    total = count = 0
    for place, _, names in os.walk(folder):
        count += len(names)
        if count > most_files:
            return None
        for name in names:
            try:
                total += Path(place, name).lstat().st_size
            except OSError:
                continue
    return total


def _garbage() -> list[Collector]:
    """The client's collector insists on a registry; ours is asked by name."""
    found: list[Collector] = []

    class Taking(CollectorRegistry):
        def register(self, collector: Collector) -> None:
            found.append(collector)

    GCCollector(registry=Taking())
    return found


def _disk(state: Path | None) -> Iterator[Metric]:
    try:
        usage = None if state is None else shutil.disk_usage(state)
    except OSError:
        usage = None
    yield _gauge("dragoman_disk_bytes", "Size of the disk of the workspace's state.", usage and usage.total)
    yield _gauge("dragoman_disk_free_bytes", "Free space on it.", usage and usage.free)


def _sizes(sizes: Mapping[str, int]) -> Metric:
    family = GaugeMetricFamily("dragoman_state_bytes", "Size of the workspace's state, by folder.", labels=["folder"])
    for name, size in sizes.items():
        family.add_metric([name], size)
    return family


def _gauge(name: str, help: str, value: float | None) -> Metric:
    """A metric; without samples where there is no value."""
    family = GaugeMetricFamily(name, help)
    if value is not None:
        family.add_metric([], value)
    return family
