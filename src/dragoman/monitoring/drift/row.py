"""One cell in one window, as it stands now."""

from __future__ import annotations

from typing import Literal

from dragoman.records import Record

__all__ = ["DriftRow", "DriftVerdict"]

DriftVerdict = Literal["ok", "drift", "not enough evidence"]


class DriftRow(Record, frozen=True, kw_only=True):
    """A signal of a language in one window, against the reference."""

    language: str  # empty: all, of the language mix
    signal: str  # "tokens", "embedding", "language-mix"
    window: int  # in buckets
    n: int  # texts of the window that have the signal
    reference_n: int
    p_value: float | None = None  # of "nothing has changed" in this cell; None: not tested
    level: float | None = None  # at or below which it is an alarm
    effect: float | None = None  # share of the texts that have moved to `what`, or away from it
    what: str = ""  # the part of the signal's range in words: "tokens 35 to 48"
    before: float | None = None  # share of the reference's texts that are there
    after: float | None = None  # of the window's
    verdict: DriftVerdict
