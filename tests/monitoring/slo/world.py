"""Invented traffic of an invented model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dragoman.monitoring.service import OBJECTIVES, ServiceCounts
from dragoman.monitoring.slo import Evaluation, Timeline, evaluate
from dragoman.monitoring.times import stamp
from dragoman.spec import DataSpec, ModelSpec, SloSpec

NOW = 1_795_411_259.0  # 2026-11-23T05:20:59Z
DAY = 1_440  # minutes

Course = NDArray[np.int64]  # [minutes until now, total or bad]


def spec(*languages: str, **slo: Any) -> ModelSpec:
    data = DataSpec(files=["data.jsonl"], labels=["a", "b"])
    chosen = {"availability": 0.999, "latency": 0.0, **slo}
    return ModelSpec(
        name="support", owner="team@example.com", languages=list(languages or ["hi"]), data=data, slo=SloSpec(**chosen)
    )


def course(minutes: int, total: ArrayLike, bad: ArrayLike = 0, *, last: int | None = None) -> Course:
    """So many events in each minute until now; `bad` in the last minutes only, where `last` is given."""
    events = np.zeros((minutes, 2), dtype=np.int64)
    events[:, 0] = total
    events[-(last or minutes) :, 1] = bad
    return events


def timeline(model: ModelSpec, courses: Mapping[tuple[str, str], Course], *, now: float = NOW) -> Timeline:
    """A history with the events of (objective, language)."""
    made = Timeline(model.languages, days=model.slo.days)
    last = int(now) // 60
    most = max(len(events) for events in courses.values())
    for hour in range((last - most + 1) // 60, last // 60 + 1):
        counts = ServiceCounts()
        for (objective, language), events in courses.items():
            own = counts.language(language).events[OBJECTIVES.index(objective)]  # type: ignore[arg-type]
            first = 60 * hour - (last - len(events) + 1)  # the minute of the course that the hour begins with
            inside = slice(max(0, -first), max(0, min(60, len(events) - first)))
            own[inside] = events[first + inside.start : first + inside.stop] if inside.stop > inside.start else 0
        made.put(stamp(3_600 * hour), counts)
    return made


def judged(model: ModelSpec, courses: Mapping[tuple[str, str], Course], **options: Any) -> Evaluation:
    return evaluate(model, timeline(model, courses), now=NOW, **options)
