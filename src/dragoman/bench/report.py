"""What a benchmark of engines found."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from dragoman.bench.workload import Workload
from dragoman.records import Record

__all__ = ["Contest", "EngineReport", "Peak", "Ratio", "Spread", "spread"]


class Spread(Record, frozen=True, kw_only=True):
    """The median over the rounds, and the worst and best of them."""

    median: float
    low: float
    high: float


class Contest(Record, frozen=True, kw_only=True):
    """One contender's results; without numbers if it was not measured, and `note` says why."""

    name: str
    note: str = ""
    versions: dict[str, str] = {}  # noqa: RUF012 (msgspec copies it)
    settings: str = ""
    tokens_per_second: Spread | None = None
    texts_per_second: Spread | None = None
    single_ms: Spread | None = None  # median of each round
    import_seconds: float = 0.0
    load_seconds: float = 0.0
    loaded_mb: float = 0.0  # resident memory after one text, above the process with its libraries
    peak_mb: float = 0.0  # the most while loading and running, above the bare interpreter
    device_mb: float = 0.0  # the most on the card
    share_of_peak: float | None = None  # of the machine's rate for matrix products in the precision of `EngineReport`
    cosine: float | None = None  # of the single text's first vector with that of float32, where both show it


class Peak(Record, frozen=True, kw_only=True):
    """The machine's fastest matrix products of one precision, in 10⁹ operations a second."""

    precision: str
    gops: Spread
    source: str


class Ratio(Record, frozen=True, kw_only=True):
    """The main contender against another, round by round."""

    other: str
    throughput: Spread  # of the main one's to the other's: more than 1 is better
    latency: Spread  # of the main one's to the other's: less than 1 is better


class EngineReport(Record, frozen=True, kw_only=True):
    """Everything that `dragoman bench engine` prints."""

    date: str
    hardware: dict[str, str]
    workload: Workload
    rounds: int
    precision: str  # of the peak that shares are of
    contests: list[Contest]
    peaks: list[Peak]
    main: str  # the contender that the others are compared with; empty if none of ours was measured
    ratios: list[Ratio]


def spread(values: Sequence[float]) -> Spread:
    """Median, lowest and highest of at least one value."""
    return Spread(median=statistics.median(values), low=min(values), high=max(values))
