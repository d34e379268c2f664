"""What each model version has answered: the numbers of the Open Inference Protocol's statistics."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from dragoman.records import Usage
from dragoman.serving.model import Answer

__all__ = ["Statistics"]

NANOSECONDS = 1_000_000


@dataclass
class Duration:
    """How often, and how long in all."""

    count: int = 0
    ns: int = 0

    def add(self, ns: int) -> None:
        self.count += 1
        self.ns += ns


@dataclass
class Counts:
    """What one model version has answered."""

    last_inference: int = 0  # milliseconds since 1970
    inference_count: int = 0  # inputs
    execution_count: int = 0  # requests
    success: Duration = field(default_factory=Duration)
    fail: Duration = field(default_factory=Duration)
    queue: Duration = field(default_factory=Duration)
    compute_infer: Duration = field(default_factory=Duration)


class Timing:
    """One request on its way; `answer` is set when it is answered."""

    __slots__ = ("_place", "_statistics", "answer", "started")

    def __init__(self, statistics: Statistics, place: tuple[str, str]) -> None:
        self._statistics, self._place = statistics, place
        self.started = time.monotonic_ns()
        self.answer: Answer | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._statistics.add(self._place, self)


class Statistics:
    """Counters by model and version, over all dialects. Safe to share between threads."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], Counts] = {}
        self._lock = threading.Lock()

    def request(self, name: str, version: str) -> Timing:
        """Around one request, with `with`: a success if it has an answer at the end, else a failure."""
        return Timing(self, (name, version))

    def add(self, place: tuple[str, str], timing: Timing) -> None:
        """Count a request of a model, `(name, version)`, that is over."""
        with self._lock:
            if (counts := self._counts.get(place)) is None:
                counts = self._counts[place] = Counts()
            add(counts, timing)

    def row(self, name: str, version: str) -> dict[str, Any]:
        """The protocol's object for one model version; zeros if it was never asked."""
        with self._lock:
            counts = self._counts.get((name, version), Counts())
            durations = {
                key: {"count": one.count, "ns": one.ns}
                for key in ("success", "fail", "queue", "compute_infer")
                for one in [getattr(counts, key)]
            }
        unmeasured = {key: {"count": 0, "ns": 0} for key in ("compute_input", "compute_output")}
        return {
            "name": name,
            "version": version,
            "last_inference": counts.last_inference,
            "inference_count": counts.inference_count,
            "execution_count": counts.execution_count,
            "inference_stats": durations | unmeasured,
            "batch_stats": [],
        }


def add(counts: Counts, timing: Timing) -> None:
    total = time.monotonic_ns() - timing.started
    if timing.answer is None:
        counts.fail.add(total)
        return
    counts.success.add(total)
    add_usage(counts, timing.answer.usage)
    counts.last_inference = time.time_ns() // NANOSECONDS
    counts.inference_count += len(timing.answer.predictions)
    counts.execution_count += 1


def add_usage(counts: Counts, usage: Usage) -> None:
    counts.queue.add(int(usage.queue_ms * NANOSECONDS))
    counts.compute_infer.add(int(usage.inference_ms * NANOSECONDS))
