"""How times, verdicts and what work took are said."""

from __future__ import annotations

from dragoman.records import RetrainVerdict, Spent

__all__ = ["compute_words", "moment", "verdict_words"]

VERDICTS: dict[RetrainVerdict, str] = {
    "train": "train",
    "ask": "wait for approval",
    "wait": "wait",
    "none": "no need",
}


def moment(time: str) -> str:
    """A time of a record to the minute, in UTC; empty for none."""
    return time[:16].replace("T", " ")


def verdict_words(verdict: RetrainVerdict) -> str:
    return VERDICTS[verdict]


def compute_words(spent: Spent) -> str:
    """Seconds of processor, and of GPU where there are some."""
    if not spent.cpu_seconds:
        return ""
    gpu = f", {_length(spent.gpu_seconds)} GPU" if spent.gpu_seconds else ""
    return f"{_length(spent.cpu_seconds)} CPU{gpu}"


def _length(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7_200 else f"{seconds / 3_600:.1f} h"
