"""What an evaluation found, by name: the same way for models of labels and of numbers."""

from __future__ import annotations

from typing import NamedTuple

from dragoman.records import Interval, Report, ValueReport

__all__ = ["Found", "Result", "results_of"]

Found = Interval | float


class Result(NamedTuple):
    """The name of a result."""

    metric: str
    language: str = ""  # empty: over all


def results_of(report: Report | ValueReport) -> dict[Result, Found]:
    """Those over all first, then those of each language. What was not measured is not there."""
    return _of_labels(report) if isinstance(report, Report) else _of_values(report)


def _of_labels(report: Report) -> dict[Result, Found]:
    over_all: dict[str, Found | None] = {
        "accuracy": report.accuracy,
        "macro_f1": report.macro_f1,
        "calibration_error": report.calibration_error,
        "roc_auc": report.roc_auc,
        "log_loss": report.log_loss,
    }
    found = {Result(name): value for name, value in over_all.items() if value is not None}
    return {**found, **{Result("accuracy", one.language): one.accuracy for one in report.languages}}


def _of_values(report: ValueReport) -> dict[Result, Found]:
    over_all: dict[str, Found] = {
        "mae": report.mae,
        "rmse": report.rmse,
        "r2": report.r2,
        "wape": report.wape,
        "skill": report.skill,
        "coverage": report.coverage,
        "width": report.width,
    }
    found = {Result(name): value for name, value in over_all.items()}
    return {**found, **{Result("mae", one.name): one.mae for one in report.groups.get("language", [])}}
