"""The judge of drift, asked at the end of every hour."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from functools import cache, partial

from bench.drift.outcomes import time_of

from dragoman.monitoring.drift import DriftJudge, judge
from dragoman.monitoring.drift.comparison import compare
from dragoman.profiles import Profile, Reference
from dragoman.records import Symptom
from dragoman.spec import DriftSpec

__all__ = ["Watch"]


WORTH = 0.01  # p-values above this say neither that a change begins nor that one is still there
judge.compare = partial(compare, worth=WORTH)  # type: ignore[attr-defined]  # half of the time


class Watch:
    """Keeps the buckets of the longest window, and what the look before has told.

    `before` are profiles of the hours before hour 0: what the language mix is compared with.
    """

    def __init__(self, reference: Reference, spec: DriftSpec, before: Sequence[Profile] = ()) -> None:
        baseline = [(time_of(number - len(before)), profile) for number, profile in enumerate(before)]
        self.judge = DriftJudge(spec, reference, baseline=baseline)
        self.judge.grid.sums = cache(self.judge.grid.sums)  # an hour stands in up to 168 looks
        self.buckets: deque[tuple[str, Profile]] = deque(maxlen=max(spec.windows))
        self.symptoms: list[Symptom] = []
        self.hour = 0

    def look(self, profile: Profile) -> list[Symptom]:
        """What has drifted, now that another hour is over."""
        self.buckets.append((time_of(self.hour), profile))
        self.hour += 1
        self.symptoms = self.judge.look(list(self.buckets), model="support", earlier=self.symptoms).symptoms
        return self.symptoms
