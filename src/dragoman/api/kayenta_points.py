"""Kayenta's own metrics, judged by their points: see `dragoman.release.points`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from dragoman.api.kayenta_messages import (
    Classification,
    Direction,
    JudgeConfigurations,
    MetricBounds,
    MetricConfig,
    MetricPair,
    MetricResult,
    Point,
)
from dragoman.errors import InvalidRequest
from dragoman.release.multiplicity import discoveries
from dragoman.release.points import Bounds, PointEvidence, harms_of_points, point_evidence
from dragoman.serving.suggestion import shown

__all__ = ["MOST_POINTS", "judge_pairs"]

INCREASE: Direction = "increase"
DECREASE: Direction = "decrease"
EITHER: Direction = "either"
MOST_POINTS = 200_000  # in one request, of both arms
SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}  # as Kayenta writes them


class Side(NamedTuple):
    """One direction of one metric: a hypothesis of its own."""

    pair: int  # place in the list
    is_high: bool
    evidence: PointEvidence


def judge_pairs(
    pairs: Sequence[MetricPair], metrics: Sequence[MetricConfig], given: JudgeConfigurations
) -> list[MetricResult]:
    """A result for every pair. A healthy canary has any that fails with probability at most `given.alpha`.

    Raises `InvalidRequest` for bounds without room between them, a point that is no number, and too many points.
    """
    if sum(len(one.values.control) + len(one.values.experiment) for one in pairs) > MOST_POINTS:
        raise InvalidRequest(
            f"There are more than {MOST_POINTS:,} points.", help="send longer steps, or fewer metrics."
        )
    configs = {one.name: one for one in metrics}
    config_of = [configs.get(one.name, MetricConfig(name=one.name)) for one in pairs]
    sides = [
        Side(place, is_high, _evidence(one, config, given.metrics[one.name], is_high=is_high, alpha=given.alpha))
        for place, (one, config) in enumerate(zip(pairs, config_of, strict=True))
        if one.name in given.metrics
        for is_high in _sides(_direction(config))
    ]
    failed = _failed(sides, alpha=given.alpha)
    return [
        _result(one, config, [side for side in sides if side.pair == place], failed, given)
        for place, (one, config) in enumerate(zip(pairs, config_of, strict=True))
    ]


def _failed(sides: Sequence[Side], *, alpha: float) -> list[Side]:
    """The sides on which the evidence of harm stands among all of them."""
    if not sides:
        return []
    logs = np.array([side.evidence.log_harm for side in sides])
    rejected = discoveries(logs, np.full(len(sides), 1 / len(sides)), alpha=alpha)
    return [side for side, is_rejected in zip(sides, rejected, strict=True) if is_rejected]


def _direction(config: MetricConfig) -> Direction:
    """Kayenta takes an unknown direction for either."""
    return {"increase": INCREASE, "decrease": DECREASE}.get(config.analysis.direction or "", EITHER)


def _sides(direction: Direction) -> tuple[bool, ...]:
    return {INCREASE: (True,), DECREASE: (False,), EITHER: (True, False)}[direction]


def _evidence(
    pair: MetricPair, config: MetricConfig, known: MetricBounds, *, is_high: bool, alpha: float
) -> PointEvidence:
    bounds = _bounds(pair.name, known)
    missing = 0.0 if config.analysis.nan_strategy == "replace" else math.nan
    control, experiment = (
        [_number(point, pair.name, missing) for point in series]
        for series in (pair.values.control, pair.values.experiment)
    )
    return point_evidence(harms_of_points(control, experiment, bounds, higher_is_worse=is_high), bounds, alpha=alpha)


def _bounds(name: str, known: MetricBounds) -> Bounds:
    bounds = Bounds(known.low, known.high, known.margin)
    if not bounds.has_room:
        raise InvalidRequest(
            f"'judgeConfigurations.metrics' has no room for {shown(name)}: {known.low} to {known.high}, margin "
            f"{known.margin}.",
            help="give finite bounds, the lower one first, and a margin below their range.",
        )
    return bounds


def _number(point: Point, name: str, missing: float) -> float:
    value = SPECIAL.get(point) if isinstance(point, str) else point
    if isinstance(point, str) and value is None:
        raise InvalidRequest(f"A point of {shown(name)} is {shown(point)}.", help='send numbers, null or "NaN".')
    return missing if value is None or math.isnan(value) else float(value)


def _result(
    pair: MetricPair,
    config: MetricConfig,
    sides: Sequence[Side],
    failed: Sequence[Side],
    given: JudgeConfigurations,
) -> MetricResult:
    classification, reason = _classified(pair.name, sides, failed, given)
    worst = max(sides, key=lambda side: side.evidence.log_harm).evidence if sides else None
    return MetricResult(
        name=pair.name,
        id=pair.id,
        tags=pair.tags or {},
        classification=classification,
        classification_reason=reason,
        groups=config.groups or [],
        experiment_metadata=_stats(pair.values.experiment),
        control_metadata=_stats(pair.values.control),
        result_metadata={} if worst is None else _measured(worst),
        critical=bool(config.analysis.critical),
        muted=bool(config.analysis.muted),
    )


def _classified(
    name: str, sides: Sequence[Side], failed: Sequence[Side], given: JudgeConfigurations
) -> tuple[Classification, str]:
    if not sides:
        return "Nodata", (
            f"No bounds are known for '{name}': give low, high and margin in judgeConfigurations.metrics. "
            "Without bounds a few points say nothing about a mean."
        )
    if worse := [side for side in sides if side in failed]:
        return ("High" if worse[0].is_high else "Low"), _sentence("worse than the margin", worse[0].evidence)
    if all(side.evidence.e_safe >= 1 / given.alpha for side in sides):
        return "Pass", _sentence("within the margin", min(sides, key=lambda side: side.evidence.e_safe).evidence)
    return "Nodata", _sentence(
        "not enough evidence", min(sides, key=lambda side: side.evidence.e_safe).evidence
    ) + ". More points, tighter bounds or a wider margin would decide."


def _sentence(what: str, found: PointEvidence) -> str:
    return (
        f"{what}: mean harm {found.effect:.6g}, {found.low:.6g} to {found.high:.6g}, n = {found.n} pairs of points, "
        f"e-value {found.e_value:.3g} of harm, {found.e_safe:.3g} of safety"
    )


def _measured(found: PointEvidence) -> dict[str, float]:
    names = ("n", "effect", "low", "high", "e_value", "e_safe")
    return {name: getattr(found, name) for name in names}


def _stats(points: Sequence[Point]) -> dict[str, dict[str, float]]:
    numbers = np.array(
        [point for point in points if not isinstance(point, str) and point is not None], dtype=np.float64
    )
    if not numbers.size:
        return {"stats": {"count": 0}}
    with np.errstate(over="ignore", invalid="ignore"):  # Kayenta sends what it was given
        measured = {"mean": numbers.mean(), "min": numbers.min(), "max": numbers.max(), "std": numbers.std()}
    return {"stats": {"count": numbers.size} | {name: float(one) for name, one in measured.items() if np.isfinite(one)}}
