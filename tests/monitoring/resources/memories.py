"""Memories as a server may have them: bytes used, one number a minute.

`python -m tests.monitoring.resources.memories` prints the tables of docs/resources.md, in about five minutes.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from dragoman.monitoring.resources.growth import MemoryGrowth

__all__ = ["DAY", "GB", "LIMIT", "MB", "MEMORIES", "MINUTE", "Memory", "alarms_of", "hours_until_found", "leaking"]

MINUTE, DAY = 60.0, 24 * 60
MB, GB = 1e6, 1e9
LIMIT = 4 * GB
BASE = 2 * GB

Memory = Callable[[np.random.Generator, int], NDArray[np.float64]]


def flat(draw: np.random.Generator, minutes: int) -> NDArray[np.float64]:
    """Independent noise of 30 MB."""
    return BASE + draw.normal(0.0, 30 * MB, minutes)


def sluggish(draw: np.random.Generator, minutes: int) -> NDArray[np.float64]:
    """Noise of 100 MB that takes hours to pass: each minute is 0.995 times the one before, and something new."""
    return BASE + autoregression(draw.normal(0.0, 100 * MB * np.sqrt(1 - 0.995**2), minutes), 0.995)


def wandering(draw: np.random.Generator, minutes: int) -> NDArray[np.float64]:
    """Goes up or down by 5 MB every minute, and never comes back by itself, but stays between its bounds."""
    return reflected(BASE + np.cumsum(draw.normal(0.0, 5 * MB, minutes)), low=1 * GB, high=3.5 * GB)


def creeping(draw: np.random.Generator, minutes: int) -> NDArray[np.float64]:
    """The same, by 20 MB."""
    return reflected(BASE + np.cumsum(draw.normal(0.0, 20 * MB, minutes)), low=1 * GB, high=3.5 * GB)


def sawtooth(draw: np.random.Generator, minutes: int) -> NDArray[np.float64]:
    """Garbage of 600 MB that is collected every 30 minutes to 3 hours."""
    period = draw.uniform(30, 180)
    return BASE + 600 * MB * (np.arange(minutes) / period % 1.0) + draw.normal(0.0, 5 * MB, minutes)


def slow_sawtooth(draw: np.random.Generator, minutes: int) -> NDArray[np.float64]:
    """Garbage of 600 MB that is collected every 6 to 18 hours."""
    period = draw.uniform(360, 1080)
    return BASE + 600 * MB * (np.arange(minutes) / period % 1.0) + draw.normal(0.0, 5 * MB, minutes)


def steps(draw: np.random.Generator, minutes: int) -> NDArray[np.float64]:
    """A model of 300 MB is loaded on some days, within ten minutes, and another one unloaded."""
    level = np.zeros(minutes)
    for start in draw.choice(minutes, size=minutes // DAY, replace=False):
        size = 300 * MB * draw.choice([-1.0, 1.0])
        level[start:] += size * np.clip(np.arange(minutes - start) / 10.0, 0.0, 1.0)
    return BASE + np.clip(level, -GB, GB) + draw.normal(0.0, 10 * MB, minutes)


def daily(draw: np.random.Generator, minutes: int) -> NDArray[np.float64]:
    """Follows the traffic of the day by 400 MB, with noise of 20 MB."""
    swing = 200 * MB * np.sin(2 * np.pi * (np.arange(minutes) / DAY + draw.uniform()))
    return BASE + swing + draw.normal(0.0, 20 * MB, minutes)


def filling(draw: np.random.Generator, minutes: int) -> NDArray[np.float64]:
    """Caches fill up to 500 MB within hours or a day, and stay."""
    hours = draw.uniform(1, 12)
    return BASE + 500 * MB * (1 - np.exp(-np.arange(minutes) / (60 * hours))) + draw.normal(0.0, 10 * MB, minutes)


MEMORIES: dict[str, Memory] = {
    memory.__name__: memory
    for memory in (flat, sluggish, wandering, creeping, sawtooth, slow_sawtooth, steps, daily, filling)
}


def leaking(memory: Memory, draw: np.random.Generator, per_hour: float) -> NDArray[np.float64]:
    """A memory that leaks from its second day on, until it would be full."""
    minutes = DAY + int(60 * (LIMIT - BASE) / per_hour)
    return memory(draw, minutes) + per_hour / 60.0 * np.clip(np.arange(minutes) - DAY, 0, None)


def autoregression(noise: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    values = np.empty_like(noise)
    last = 0.0
    for place, one in enumerate(noise.tolist()):
        values[place] = last = share * last + one
    return values


def reflected(values: NDArray[np.float64], *, low: float, high: float) -> NDArray[np.float64]:
    """Walls that a walk bounces off."""
    inside = np.abs((values - low) % (2 * (high - low)))
    return low + np.where(inside > high - low, 2 * (high - low) - inside, inside)


def alarms_of(used: NDArray[np.float64], *, limit: float = LIMIT) -> int:
    """How often a growth is newly found."""
    growth, alarms, was_found = MemoryGrowth(), 0, False
    for minute, one in enumerate(used.tolist()):
        growth.add(minute * MINUTE, one, limit - one)
        is_found = growth.found is not None
        alarms += is_found and not was_found
        was_found = is_found
    return alarms


def hours_until_found(used: NDArray[np.float64], *, after: int, limit: float = LIMIT) -> float | None:
    """Hours from the minute `after` until a growth is found; None if none is found before the end."""
    growth = MemoryGrowth()
    for minute, one in enumerate(used.tolist()):
        growth.add(minute * MINUTE, one, limit - one)
        if minute >= after and growth.found is not None:
            return (minute - after) / 60.0
    return None


def print_tables(*, months: int = 24, leaks: int = 9) -> None:
    """False alarms of each memory, and how long it takes until a leak is found."""
    for name, memory in MEMORIES.items():
        draw = np.random.default_rng(1)
        alarms = [alarms_of(memory(draw, 30 * DAY)) for _ in range(months)]
        print(f"| `{name}` | {sum(alarms) / months:.2f} |", flush=True)  # noqa: T201
    for per_hour in (10, 20, 40, 200, 1000):
        row = [f"{per_hour} MB", f"{(LIMIT - BASE) / MB / per_hour:g} h"]
        for name in ("flat", "sawtooth", "daily", "sluggish"):
            draw = np.random.default_rng(2)
            delays = [hours_until_found(leaking(MEMORIES[name], draw, per_hour * MB), after=DAY) for _ in range(leaks)]
            found = [delay for delay in delays if delay is not None]
            row.append(f"{np.median(found):.1f} h ({len(found)} of {leaks})" if found else f"none of {leaks}")
        print("|", " | ".join(row), "|", flush=True)  # noqa: T201


if __name__ == "__main__":
    print_tables()
