"""What a workspace costs: what its models took to serve, to train and to store, in a period that ends now."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property

from dragoman.app.ledger import budget_uses, executions_of
from dragoman.app.storage import Stored, stored_in
from dragoman.app.workspace import Workspace
from dragoman.clock import seconds
from dragoman.errors import NotFound
from dragoman.loop.cost_report import CostReport
from dragoman.loop.costs import CostKey, CostLine, Taken, summed, taken_by, total
from dragoman.monitoring.history import read_by_version
from dragoman.monitoring.resources.cost import CostRow, Prices, Served, cost_rows
from dragoman.monitoring.service import UNKNOWN, ServiceCounts
from dragoman.monitoring.times import bucket_of, seconds_of, stamp
from dragoman.records import Run, Spent, Version
from dragoman.serving.suggestion import shown, suggest
from dragoman.spec import ModelSpec

__all__ = ["Costs"]

DAY = 86_400.0
HOURS_PER_MONTH = 730.0
GB = 1e9
NO_LANGUAGE = "unknown"  # of requests that have none


class Costs:
    """Reads the catalog and looks at the disk once: no server is needed."""

    def __init__(self, workspace: Workspace, *, clock: Callable[[], float] = seconds) -> None:
        self.workspace, self.clock = workspace, clock
        self.prices = Prices.of(workspace.settings)

    def report(self, model: str | None = None, *, by: CostKey = "model", days: float = 30.0) -> CostReport:
        """What models took in the last days, or one of them; what is stored, as if it had lain there all the time.

        What all models share is in no model's report. Raises `NotFound` for an unknown model.
        """
        if model is not None and model not in self._names:
            raise NotFound(f"There is no model {shown(model)}.", help=suggest(model, self._names))
        now = self.clock()
        since = bucket_of(now - days * DAY, minutes=60)
        stored, is_whole = stored_in(self.workspace)
        lines = [*self._serving(since), *self._trainings(since), *(self._storage(one, days) for one in stored)]
        asked = [line for line in lines if model in (None, line.model)]
        return CostReport(
            by=by,
            since=since,
            until=stamp(now),
            currency=self.prices.currency if self.prices else "",
            disk_is_whole=is_whole,
            sums=summed(asked, by=by),
            total=total(asked),
            budgets=budget_uses(self.workspace, [one for one in self._specs if model in (None, one.name)], now=now),
        )

    # Lines

    def _serving(self, since: str) -> Iterator[CostLine]:
        for model in self._names:
            counted = read_by_version(
                self.workspace.catalog, "service", model, since=since, decode=ServiceCounts.decode
            )
            served = [Served(model, version, _together(hours)) for version, hours in counted.items()]
            device = self._devices.get(model, "cpu")
            rows = cost_rows(served, self.prices.of_serving(device))
            yield from (self._served(row, on_gpu=device == "cuda") for row in rows)

    def _served(self, row: CostRow, *, on_gpu: bool) -> CostLine:
        version, hours = f"{row.model}/{row.version}", row.core_hours
        cores, gpus = (0.0, hours) if on_gpu else (hours, 0.0)
        return CostLine(
            kind="serving",
            model=row.model,
            version=version,
            language=NO_LANGUAGE if row.language == UNKNOWN else row.language,
            team=self._teams.get(row.model, ""),
            run=self._runs.get(version, ""),
            texts=row.texts,
            taken=Taken(core_hours=cores, gpu_hours=gpus, gb_hours=row.gb_hours, cost=row.cost),
        )

    def _trainings(self, since: str) -> Iterator[CostLine]:
        """Those that began in the period."""
        for run in self._stored_runs:
            for time, spent in executions_of(self.workspace, run):
                if seconds_of(time) >= seconds_of(since):
                    yield self._trained(run, spent)

    def _trained(self, run: Run, spent: Spent) -> CostLine:
        number = self._numbers.get((run.model, run.bundle))
        return CostLine(
            kind="training",
            model=run.model,
            version=f"{run.model}/{number}" if number else "",
            team=self._teams.get(run.model, ""),
            run=run.id,
            trainings=1,
            taken=taken_by(spent, self.prices),
        )

    def _storage(self, stored: Stored, days: float) -> CostLine:
        months = days * 24.0 / HOURS_PER_MONTH
        return CostLine(
            kind="storage",
            model=stored.model,
            version=f"{stored.model}/{stored.version}" if stored.version else "",
            team=self._teams.get(stored.model, ""),
            run=stored.run,
            place=stored.place,
            taken=Taken(
                stored_bytes=stored.size,
                cost=stored.size / GB * self.prices.gb_month * months if self.prices else None,
            ),
        )

    # Names

    @cached_property
    def _versions(self) -> list[Version]:
        catalog = self.workspace.catalog
        return [version for model in catalog.models() for version in catalog.versions(model)]

    @cached_property
    def _specs(self) -> list[ModelSpec]:
        return self.workspace.specs_or_none()

    @cached_property
    def _devices(self) -> Mapping[str, str]:
        return {spec.name: spec.serving.device for spec in self._specs}

    @cached_property
    def _names(self) -> list[str]:
        """Models that are declared, have a version, or were trained."""
        declared = {spec.name for spec in self._specs}
        return sorted(declared | {one.model for one in self._versions} | {run.model for run in self._stored_runs})

    @cached_property
    def _stored_runs(self) -> list[Run]:
        return self.workspace.catalog.runs()

    @cached_property
    def _runs(self) -> Mapping[str, str]:
        """`NAME/NUMBER` → the run that it is of."""
        return {f"{version.model}/{version.number}": version.run for version in self._versions}

    @cached_property
    def _numbers(self) -> Mapping[tuple[str, str], int]:
        return {(version.model, version.bundle): version.number for version in self._versions}

    @cached_property
    def _teams(self) -> Mapping[str, str]:
        """Of each model; without a spec, the owner of its newest version."""
        owners = {version.model: version.owner for version in self._versions}
        trained = {run.model: str(run.spec.get("team") or run.spec.get("owner", "")) for run in self._stored_runs}
        declared = {spec.name: spec.billed_team for spec in self._specs}
        return trained | owners | declared


def _together(hours: Mapping[str, ServiceCounts]) -> ServiceCounts:
    together = ServiceCounts()
    for counts in hours.values():
        together.merge(counts)
    return together
