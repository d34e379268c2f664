"""The objectives of one model, judged from what its servers have stored."""

from __future__ import annotations

from dragoman.monitoring.history import GRACE_SECONDS, read_sums
from dragoman.monitoring.service import ServiceCounts
from dragoman.monitoring.slo import Evaluation, Timeline, evaluate
from dragoman.monitoring.times import bucket_of
from dragoman.spec import ModelSpec
from dragoman.store.base import Catalog

__all__ = ["ObjectivesWatch"]

HOUR = 3_600.0


class ObjectivesWatch:
    """Reads the hours of the period once, and afterwards only those that change. Not safe to share between threads."""

    def __init__(self, catalog: Catalog, spec: ModelSpec) -> None:
        self.catalog, self.spec = catalog, spec
        self.timeline = Timeline(spec.counted_languages, days=spec.slo.days)
        self._since = ""

    def judge(self, now: float, *, up_since: float = 0.0) -> Evaluation:
        """What holds at a moment, in seconds since 1970; `up_since`: since when somebody counts."""
        since = self._since or bucket_of(now - self.timeline.hours * HOUR, minutes=60)
        read = read_sums(self.catalog, "service", self.spec.name, since=since, decode=ServiceCounts.decode)
        for start, counts in read.items():
            self.timeline.put(start, counts)
        self._since = bucket_of(now - GRACE_SECONDS, minutes=60)
        return evaluate(self.spec, self.timeline, now=now, up_since=up_since)
