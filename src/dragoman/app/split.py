"""What made a metric change: other shares of the languages, or other texts and answers within them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from dragoman.app.overview import Counted, Period, shown_language
from dragoman.monitoring.drift.mean import Mean
from dragoman.monitoring.drift.split import split_change
from dragoman.monitoring.service import LanguageCounts, ServiceCounts
from dragoman.monitoring.service.counts import SCORE_UNIT
from dragoman.monitoring.times import seconds_of, stamp
from dragoman.records import SplitPart, SplitView

__all__ = ["METRICS", "split_view"]

HOUR = 3_600.0


def _score(own: LanguageCounts) -> Mean:
    return Mean.of_moments(own.scored, own.score_sum * SCORE_UNIT, own.score_squares * SCORE_UNIT**2)


METRICS: Mapping[str, Callable[[LanguageCounts], Mean]] = {
    "score": _score,
    "abstained": lambda own: Mean.of_share(own.texts, own.abstained),
    "truncated": lambda own: Mean.of_share(own.texts, own.truncated),
    "errors": lambda own: Mean.of_share(own.requests + own.faults, own.faults),
    "quality": lambda own: Mean.of_share(own.right + own.wrong, own.right),
}


def split_view(model: str, metric: str, counted: Sequence[Counted], period: Period, *, version: str) -> SplitView:
    """The change of a metric of `METRICS` from the period before to the period, over all of what was counted."""
    means = [_means(metric, [getattr(one, side) for one in counted]) for side in ("before", "now")]
    found = split_change(*means)
    return SplitView(
        model=model,
        version=version,
        metric=metric,
        hours=period.hours,
        start=period.earlier[0],
        middle=period.starts[0],
        end=stamp(seconds_of(period.starts[-1]) + HOUR),
        **({} if found is None else _fields(msgspec.structs.asdict(found))),
    )


def _means(metric: str, parts: Sequence[ServiceCounts]) -> dict[str, Mean]:
    together = ServiceCounts()
    for part in parts:
        together.merge(part)
    return {shown_language(name): METRICS[metric](own) for name, own in together.languages.items()}


def _fields(found: dict[str, Any]) -> dict[str, Any]:
    names = ("before", "after", "mix", "mix_error", "within", "within_error")
    parts = [SplitPart(**msgspec.structs.asdict(part)) for part in found["languages"]]
    return {name: found[name] for name in names} | {"languages": parts}
