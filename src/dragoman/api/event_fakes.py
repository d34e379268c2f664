"""Events without a workspace, for tests of the API."""

from __future__ import annotations

from collections.abc import Sequence

from dragoman.errors import InvalidRequest, NotFound
from dragoman.feedback.kpi.given import GivenEvent
from dragoman.records import AddedEvents, By, Interval, KpiReport, KpiRow

__all__ = ["FakeEvents", "fake_kpis"]


class FakeEvents:
    """Keeps events in memory; implements `api.events.KpiDesk`. Without `model` it has every model and KPI."""

    def __init__(self, model: str = "", names: Sequence[str] = ()) -> None:
        self.model, self.names, self.events = model, names, list[GivenEvent]()

    def keep(self, model: str, events: Sequence[GivenEvent], *, by: By) -> AddedEvents:
        self._check(model)
        if self.names and any(one.name not in self.names for one in events):
            raise InvalidRequest("There is no such KPI.")
        self.events += events
        return AddedEvents(given=len(events), kept=len(events))

    def values(self, model: str, *, days: float) -> KpiReport:
        self._check(model)
        return fake_kpis(model)

    def _check(self, model: str) -> None:
        if self.model and model != self.model:
            raise NotFound(f"There is no model '{model}'.")


def fake_kpis(model: str) -> KpiReport:
    value = Interval(value=0.5, low=0.4, high=0.6, n=100)
    row = KpiRow(kpi="resolved", version="1", language="all", subjects=100, waiting=10, value=value)
    since, until = "2026-06-01T00:00:00+00:00", "2026-07-01T00:00:00+00:00"
    return KpiReport(model=model, since=since, until=until, level=0.95, rows=[row])
