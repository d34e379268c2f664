"""What live quality is computed from, by language: counts, moments of scores, and the random sample."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np

from dragoman.feedback.joining import Join, micros
from dragoman.feedback.powered import Proxy, Sample

__all__ = ["ALL", "LanguageTally", "tallies"]

ALL = "all"  # languages together

ASKED = """
    SELECT coalesce(language, 'all'), count(*), avg(score), coalesce(var_pop(score), 0),
        count(*) FILTER (moment <= $before), avg(score) FILTER (moment <= $before),
        coalesce(var_pop(score) FILTER (moment <= $before), 0)
    FROM span GROUP BY GROUPING SETS ((language), ())
"""
LABELLED = """
    SELECT coalesce(language, 'all'), count(*), count(*) FILTER (best = truth)
    FROM judged WHERE moment <= $before GROUP BY GROUPING SETS ((language), ())
"""
DRAWN = """
    SELECT language, (best = truth)::DOUBLE, score, inclusion
    FROM judged WHERE moment <= $before AND inclusion IS NOT NULL ORDER BY moment, id
"""


class LanguageTally(NamedTuple):
    """One language, or all."""

    language: str
    asked: Proxy  # answers of the span
    mature: Proxy  # those that are old enough
    labelled: int  # of these
    right: int
    sample: Sample


def tallies(join: Join, *, mature: datetime) -> list[LanguageTally]:
    """All languages first, then each by its number of predictions. `mature` is the time until which labels had time."""
    before = micros(mature)
    labelled = {name: (count, right) for name, count, right in join.rows(LABELLED, before=before)}
    samples = _samples(join.rows(DRAWN, before=before))
    rows = [row for row in join.rows(ASKED, before=before) if row[1]]
    found = [
        LanguageTally(
            name,
            Proxy(count, mean, variance),
            Proxy(old, old_mean or 0.0, old_variance),
            *labelled.get(name, (0, 0)),
            samples.get(name, _sample([])),
        )
        for name, count, mean, variance, old, old_mean, old_variance in rows
    ]
    return sorted(found, key=lambda one: (one.language != ALL, -one.asked.n, one.language))


def _samples(rows: list[tuple[Any, ...]]) -> dict[str, Sample]:
    """By language, and of all."""
    by_language: defaultdict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for language, *values in rows:
        by_language[language].append(tuple(values))
        by_language[ALL].append(tuple(values))
    return {language: _sample(own) for language, own in by_language.items()}


def _sample(rows: list[tuple[Any, ...]]) -> Sample:
    right, scores, inclusion = np.array(rows, np.float64).reshape(-1, 3).T
    return Sample(right, scores, inclusion)
