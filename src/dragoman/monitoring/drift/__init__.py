"""Changes of what comes in and goes out, found at a stated rate of false alarms; see docs/drift-statistics.md."""

from __future__ import annotations

from dragoman.monitoring.drift.judge import DriftFindings, DriftJudge
from dragoman.monitoring.drift.mean import Mean, means_of
from dragoman.monitoring.drift.row import DriftRow, DriftVerdict
from dragoman.monitoring.drift.split import LanguagePart, Split, split_change

__all__ = [
    "DriftFindings",
    "DriftJudge",
    "DriftRow",
    "DriftVerdict",
    "LanguagePart",
    "Mean",
    "Split",
    "means_of",
    "split_change",
]
