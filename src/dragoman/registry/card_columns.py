"""What a card says of models that read columns, and of models of numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dragoman.records import Ablation, ColumnWeight, GroupError, Interval, PinnedView, ValueReport
from dragoman.spec.features import FeaturesSpec

__all__ = ["ablations", "column_weights", "columns_read", "number", "number_interval", "value_evaluation"]

SHOWN_COLUMNS = 20
SHOWN_GROUPS = 20


def columns_read(features: FeaturesSpec, views: Sequence[PinnedView]) -> Iterator[str]:
    """Lines that say what the model reads."""
    if features.columns:
        yield f"- Columns: {', '.join(features.columns)}"
    if features.views:
        pinned = {view.name: f" {view.digest[:16]}" for view in views}
        yield f"- Feature views: {', '.join(name + pinned.get(name, '') for name in features.views)}"


def column_weights(weights: Sequence[ColumnWeight]) -> list[str]:
    """A section, empty for a model that reads no columns."""
    if not weights:
        return []
    rest = weights[SHOWN_COLUMNS:]
    return [
        "## Columns that count",
        "",
        "Shares of what was learned from columns. A share says how much a column is used, not that it is a cause.",
        "",
        "| column | weight |",
        "|---|---|",
        *(f"| {one.name} | {one.weight:.3f} |" for one in weights[:SHOWN_COLUMNS]),
        *([f"| {len(rest)} more | {sum(one.weight for one in rest):.3f} |"] if rest else []),
        "",
    ]


def ablations(found: Sequence[Ablation]) -> list[str]:
    """A section, empty for a model that reads texts only or columns only."""
    if not found:
        return []
    return [
        "## What is left where features are missing",
        "",
        "| without | accuracy | area under the ROC curve | log loss |",
        "|---|---|---|---|",
        *(
            f"| {'all features' if one.without == 'features' else one.without} | {one.accuracy.value:.3f} "
            f"| {f'{one.roc_auc.value:.3f}' if one.roc_auc else ''} | {one.log_loss:.4f} |"
            for one in found
        ),
        "",
    ]


def value_evaluation(report: ValueReport, *, unit: str) -> list[str]:
    """The section of a model of numbers; `unit` is the column of the truth."""
    return [
        f"## Evaluation on the {report.split} split",
        "",
        (
            f"Mean absolute error {number_interval(report.mae)} over {report.mae.n} rows, in the unit of {unit}; "
            f"{number(report.naive_mae)} for the naive answer, so that the skill is {report.skill:.3f}. "
            f"Root mean squared error {number(report.rmse)}, R² {report.r2:.3f}, WAPE {report.wape:.3f}."
        ),
        "",
        (
            f"The intervals, made to hold {report.target_coverage:.0%} of the true values, hold "
            f"{report.coverage.value:.1%} ({report.coverage.low:.1%} to {report.coverage.high:.1%}); their mean width "
            f"is {number(report.width)}. Rows of other sources, and of times that are unlike the past, may do worse."
        ),
        "",
        *(line for kind, groups in sorted(report.groups.items()) for line in _groups(kind, groups)),
    ]


def number(value: float) -> str:
    """Five digits at most, and no power of ten below a million: "0.0031", "31.2", "123457"."""
    return f"{value:.0f}" if 10_000 <= abs(value) < 1_000_000 else f"{value:.5g}"


def number_interval(interval: Interval) -> str:
    """An estimate in a unit, with its interval."""
    return f"{number(interval.value)} ({number(interval.low)} to {number(interval.high)})"


def _groups(kind: str, groups: Sequence[GroupError]) -> list[str]:
    if len(groups) < 2:
        return []
    return [
        f"| {kind} | rows | mean absolute error | naive | coverage |",
        "|---|---|---|---|---|",
        *(
            f"| {one.name} | {one.n} | {number(one.mae)} | {number(one.naive_mae)} | {one.coverage:.3f} |"
            for one in groups[:SHOWN_GROUPS]
        ),
        "",
    ]
