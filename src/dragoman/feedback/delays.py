"""How long labels take, those that may still come taken into account."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.feedback.joining import Join
from dragoman.records import DelayCurve

__all__ = ["Followed", "delay_curve", "delay_curves"]

STEP = 600.0  # seconds: times are rounded down to it
DAYS = (1 / 24, 0.25, 1, 2, 3, 5, 7, 10, 14, 21, 30, 45, 60, 90, 120, 180, 270, 366)
SECONDS_PER_DAY = 86_400.0

ASKED = "SELECT moment // $step, count(*) FROM span GROUP BY ALL"
SOURCES = """
    SELECT source, least(max(told), $end) FROM said SEMI JOIN judged USING (id) GROUP BY source ORDER BY source
"""
CAME = """
    SELECT least(greatest(first - moment, 0), $end - moment) // $step, ($end - moment) // $step, count(*)
    FROM (SELECT id, min(told) AS first FROM said WHERE source = $source GROUP BY id) JOIN judged USING (id)
    WHERE moment <= $end AND first <= $end GROUP BY ALL
"""

Ints = NDArray[np.integer[Any]]


class Followed(NamedTuple):
    """Predictions and what came of them, in whole steps of time; three arrays of counts by step, of one length."""

    watched: Ints  # predictions by how long they could be followed
    delays: Ints  # labels by how long they took
    spans: Ints  # predictions with a label, by how long they could be followed


def delay_curves(join: Join) -> list[DelayCurve]:
    """The curve of each source with a label in the span, those with most labels first.

    A source is followed up to its newest label: what it says later is not known, and not that it would say nothing.
    """
    step = round(STEP * 1e6)
    asked = join.rows(ASKED, step=step)
    curves = []
    for source, end in join.rows(SOURCES, end=join.span.end):
        came = join.rows(CAME, source=source, end=end, step=step)
        curves.append(delay_curve(source, _followed(asked, came, end // step)))
    return sorted(curves, key=lambda curve: (-curve.labels, curve.source))


def delay_curve(source: str, followed: Followed, *, step: float = STEP) -> DelayCurve:
    """The share of predictions whose label has come, by age (Kaplan and Meier 1958).

    A prediction without a label counts for as long as it could be followed, and says nothing of later. This holds if
    labels of old and new predictions take equally long, and if the wait does not depend on how long it is watched.
    """
    watched, delays, spans = followed
    at_risk = watched.sum() - _before(delays) - _before(watched - spans)
    stay = np.cumprod(1 - delays / np.maximum(at_risk, 1))
    longest = int(np.flatnonzero(watched)[-1]) if watched.any() else 0
    days = [day for day in DAYS if day * SECONDS_PER_DAY <= (longest + 1) * step]
    places = [max(round(day * SECONDS_PER_DAY / step) - 1, 0) for day in days]
    labels = int(delays.sum())
    return DelayCurve(
        source=source,
        labels=labels,
        waiting=int(watched.sum()) - labels,
        days=list(days),
        arrived=[float(1 - stay[place]) for place in places],
        median_days=_median(1 - stay, step) if labels else None,
    )


def _median(arrived: NDArray[np.floating[Any]], step: float) -> float:
    """The age by which half of those have come that have come at the end."""
    place = int(np.searchsorted(arrived, arrived[-1] / 2 * (1 - 1e-12)))
    return (place + 1) * step / SECONDS_PER_DAY


def _before(counts: Ints) -> Ints:
    """How many lie in earlier steps than each."""
    return np.cumsum(counts) - counts


def _followed(asked: list[tuple[Any, ...]], came: list[tuple[Any, ...]], end: int) -> Followed:
    """`asked` has steps and predictions; `came` how long labels took, how long they could have, and how many."""
    spans = [(end - at, count) for at, count in asked if at <= end]
    length = max((span for span, _ in spans), default=0) + 1
    return Followed(
        watched=_counted(spans, length),
        delays=_counted([(delay, count) for delay, _, count in came], length),
        spans=_counted([(span, count) for _, span, count in came], length),
    )


def _counted(pairs: list[tuple[int, int]], length: int) -> Ints:
    counts = np.zeros(length, np.int64)
    for place, count in pairs:
        counts[min(int(place), length - 1)] += count
    return counts
