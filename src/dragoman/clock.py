"""What time it is: that of the machine, or that of a rehearsal.

A rehearsal plays weeks in minutes (docs/game-day.md). Its processes share a file that holds the time, named by the
environment variable DRAGOMAN_CLOCK: eight bytes, the seconds since 1970 as a little-endian float. Whoever directs the
rehearsal moves it on; killed processes find it as it was. Leases, timeouts, secrets and connections keep to the
machine's own clock.
"""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from dragoman.errors import NotFound

__all__ = ["CLOCK_VARIABLE", "RehearsalClock", "seconds", "utc", "written"]

CLOCK_VARIABLE = "DRAGOMAN_CLOCK"
FORMAT = struct.Struct("<d")


class RehearsalClock:
    """A time that stands still until somebody sets it. Safe to share between threads and processes."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __call__(self) -> float:
        """Seconds since 1970. Raises `NotFound` without the file, or for another file."""
        try:
            return float(FORMAT.unpack(self.path.read_bytes())[0])
        except (OSError, struct.error):
            raise NotFound(
                f"{CLOCK_VARIABLE} names {self.path}, which holds no time.",
                help=f"Unset {CLOCK_VARIABLE}; it is for rehearsals only.",
            ) from None

    def set(self, moment: float) -> None:
        """Let it be this time, in seconds since 1970, for every process that reads the file."""
        partial = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        partial.write_bytes(FORMAT.pack(moment))
        partial.replace(self.path)


def seconds() -> float:
    """Seconds since 1970."""
    return _now()


def utc() -> datetime:
    """The time, with the zone UTC."""
    return datetime.fromtimestamp(_now(), UTC)


def written(moment: float | None = None) -> str:
    """A moment, or now, in UTC as records have it, with milliseconds: such texts compare like times."""
    at = datetime.fromtimestamp(_now() if moment is None else moment, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _chosen() -> Callable[[], float]:
    named = os.environ.get(CLOCK_VARIABLE)
    return RehearsalClock(Path(named)) if named else time.time


_now = _chosen()
