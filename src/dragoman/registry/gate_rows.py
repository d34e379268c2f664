"""The gates of a spec, with what the evaluation found of each."""

from __future__ import annotations

from typing import NamedTuple

from dragoman.records import Report, ValueReport
from dragoman.registry.card import shown
from dragoman.spec import GatesSpec

__all__ = ["GateRow", "gate_rows"]


class GateRow(NamedTuple):
    """One gate that is for models of this kind."""

    gate: str
    floor: float | None  # None: there is none
    value: float
    found: str  # the value in words


def gate_rows(gates: GatesSpec, report: Report | ValueReport) -> list[GateRow]:
    """The gates that the evaluation can answer."""
    return _of_labels(gates, report) if isinstance(report, Report) else _of_values(gates, report)


def _of_labels(gates: GatesSpec, report: Report) -> list[GateRow]:
    worst, area = report.worst_language, report.roc_auc
    rows = [
        GateRow("accuracy", gates.accuracy or None, report.accuracy.value, shown(report.accuracy)),
        GateRow(
            "accuracy in every language",
            gates.worst_language_accuracy or None,
            worst.accuracy.value,
            f"{worst.language} {shown(worst.accuracy)}",
        ),
    ]
    return [
        *rows,
        *([GateRow("area under the ROC curve", gates.roc_auc or None, area.value, shown(area))] if area else []),
    ]


def _of_values(gates: GatesSpec, report: ValueReport) -> list[GateRow]:
    return [
        GateRow("skill", gates.skill, report.skill, f"{report.skill:.3f}"),
        GateRow("coverage", gates.coverage or None, report.coverage.value, shown(report.coverage)),
    ]
