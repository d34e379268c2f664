"""What a block of work takes of the machine: time, cores, GPUs, memory."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec

from dragoman.records import Spent

__all__ = ["Meter", "measured", "total_of"]

STATUS = Path("/proc/self/status")  # of Linux
GB = 1e9
MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1_024  # bytes


class Memory(NamedTuple):
    """Bytes of this process."""

    resident: int
    peak: int  # since the process began


class Meter:
    """Counts from the moment it is made, until `stop`.

    Cores are those of this process, all threads, and of child processes that have ended. Memory is this process's
    alone: its peak where the block has raised it, and otherwise the larger one of its beginning and its end.
    """

    def __init__(self) -> None:
        self._began, self._cpu, self._memory = time.monotonic(), _cpu_seconds(), _memory()
        self._spent: Spent | None = None

    @property
    def spent(self) -> Spent:
        """So far; once stopped, for good. What is stored is for its writer to say, so that is 0."""
        return self._spent or self._measure()

    def stop(self) -> None:
        self._spent = self._measure()

    def _measure(self) -> Spent:
        seconds = max(0.0, time.monotonic() - self._began)
        return Spent(
            seconds=seconds,
            cpu_seconds=max(0.0, _cpu_seconds() - self._cpu),
            gpu_seconds=_devices_held() * seconds,
            gb_seconds=self._held() / GB * seconds,
        )

    def _held(self) -> int:
        now = _memory()
        return now.peak if now.peak > self._memory.peak else max(now.resident, self._memory.resident)


@contextmanager
def measured() -> Iterator[Meter]:
    """Measure a block. Blocks may lie within each other; what other threads do meanwhile is counted too."""
    meter = Meter()
    try:
        yield meter
    finally:
        meter.stop()


def total_of(spents: Iterable[Spent]) -> Spent:
    """The sum; nothing is spent where there are none."""
    total = Spent()
    for one in spents:
        fields = {name: getattr(total, name) + getattr(one, name) for name in Spent.__struct_fields__}
        total = msgspec.structs.replace(total, **fields)
    return total


# The machine --------------------------------------------------------------------------------------------------------


def _cpu_seconds() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _memory() -> Memory:
    """By the system's own page where there is one: `ru_maxrss` also knows what the process was started from."""
    try:
        lines = dict(line.partition(":")[::2] for line in STATUS.read_text().splitlines())
        return Memory(_bytes(lines["VmRSS"]), _bytes(lines["VmHWM"]))
    except (OSError, KeyError, ValueError):
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * MAXRSS_UNIT
        return Memory(peak, peak)


def _bytes(text: str) -> int:
    """`  51200 kB` → 52,428,800."""
    return int(text.split(maxsplit=1)[0]) * 1_024


def _devices_held() -> int:
    """GPUs on which this process has had memory through torch, where that is loaded and has begun to use them."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_initialized():
        return 0
    return sum(torch.cuda.max_memory_reserved(index) > 0 for index in range(torch.cuda.device_count()))
