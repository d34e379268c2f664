"""A workspace's models at work, as the catalog knows them. Implements `api.monitor_desk.MonitorDesk`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import msgspec

from dragoman.app.drift_watch import DriftWatch
from dragoman.app.objectives import ObjectivesWatch
from dragoman.app.overview import Counted, Drifts, Period, VersionCounts, model_fields, version_view
from dragoman.app.split import METRICS, split_view
from dragoman.app.workspace import Workspace
from dragoman.clock import seconds
from dragoman.errors import Conflict, InvalidRequest, NotFound
from dragoman.monitoring.history import read_by_version
from dragoman.monitoring.resources.cost import Prices, Served, cost_rows
from dragoman.monitoring.service import ServiceCounts
from dragoman.monitoring.times import stamp
from dragoman.records import (
    Alert,
    By,
    DriftView,
    ModelView,
    MonitorView,
    Silence,
    SloView,
    SplitView,
)
from dragoman.serving.suggestion import shown, suggest
from dragoman.spec import ModelSpec

__all__ = ["CatalogMonitor"]


class CatalogMonitor:
    """Reads the catalog at every call: no server is needed. Safe to share between threads, one by one."""

    def __init__(self, workspace: Workspace, *, clock: Callable[[], float] = seconds) -> None:
        self.workspace, self.clock = workspace, clock
        self._specs = {spec.name: spec for spec in workspace.specs_or_none()}
        self._prices = Prices.of(workspace.settings)
        self._objectives = {name: ObjectivesWatch(workspace.catalog, spec) for name, spec in self._specs.items()}
        self._drifts = {name: DriftWatch(workspace, spec) for name, spec in self._specs.items()}
        self._lock = threading.Lock()  # guards what the watches have read

    # Models

    def overview(
        self, *, model: str | None = None, version: str | None = None, language: str | None = None, hours: int = 24
    ) -> MonitorView:
        self._check(model, version, language)
        now = self.clock()
        period = Period.until(now, hours=hours)
        firing = self.workspace.catalog.alerts(firing=True)
        with self._lock:
            models = [self._model_view(name, period, firing, now) for name in self._names(model)]
        return MonitorView(
            start=period.starts[0],
            end=stamp(now),
            hours=hours,
            checked=stamp(now),
            currency=self._prices.currency,
            models=[narrowed(one, version, language) for one in models],
            alerts=[alert for alert in firing if not alert.model and model is None],
        )

    def drift(
        self, model: str, *, version: str | None = None, language: str | None = None, signal: str | None = None
    ) -> Sequence[DriftView]:
        self._check(model, version, language)
        with self._lock:
            views = self._drifts[model].views(self.clock()) if model in self._drifts else []
        known = {view.signal for view in views}
        if signal is not None and signal not in known:
            raise InvalidRequest(f"'{model}' has no signal {shown(signal)}.", help=suggest(signal, known))
        asked = {"version": version, "language": language, "signal": signal}
        wanted = {key: value for key, value in asked.items() if value is not None}
        return [view for view in views if all(getattr(view, key) == value for key, value in wanted.items())]

    def split(self, model: str, metric: str, *, version: str | None = None, hours: int = 24) -> SplitView:
        self._check(model, version)
        if metric not in METRICS:
            raise InvalidRequest(f"There is no metric {shown(metric)}.", help=suggest(metric, METRICS))
        period = Period.until(self.clock(), hours=hours)
        read = self._read(model, period)
        hours_of = [found for number, found in read.items() if version in (None, number)]
        return split_view(model, metric, [Counted.of(one, period) for one in hours_of], period, version=version or "")

    def slo(self, *, model: str | None = None, language: str | None = None) -> Sequence[SloView]:
        self._check(model, None, language)
        now = self.clock()
        with self._lock:
            watches = [watch for name, watch in self._objectives.items() if model in (None, name)]
            views = [view for watch in watches for view in watch.judge(now).views]
        return [view for view in views if language in (None, view.language)]

    # Alerts

    def alerts(
        self, *, model: str | None = None, firing: bool | None = None, since: str = "", limit: int | None = None
    ) -> Sequence[Alert]:
        self._check(model)
        return self.workspace.catalog.alerts(model=model, firing=firing, since=since, limit=limit)

    def alert(self, id: str) -> Alert:
        return self.workspace.catalog.alert(id)

    def silences(self, *, model: str | None = None, active: bool | None = None) -> Sequence[Silence]:
        self._check(model)
        now = stamp(self.clock())
        return [
            silence
            for silence in self.workspace.catalog.silences()
            if (model is None or silence.model in ("", model)) and active in (None, silence.ends > now)
        ]

    def silence(self, silence: Silence, *, by: By) -> Silence:
        self._check(silence.model or None, silence.version or None, silence.language or None)
        self.workspace.catalog.save_silence(silence, action="silence.created", by=by)
        return silence

    def end_silence(self, id: str, *, by: By) -> Silence:
        now = stamp(self.clock())
        found = next((one for one in self.workspace.catalog.silences() if one.id == id), None)
        if found is None:
            raise NotFound(f"There is no silence {shown(id)}.", help="GET /v1/silences lists them.")
        if found.ends <= now:
            raise Conflict(f"The silence {id} has ended.", help="nothing is to be done.")
        ended = msgspec.structs.replace(found, ends=now)
        self.workspace.catalog.save_silence(ended, action="silence.ended", by=by)
        return ended

    # Views

    def _model_view(self, name: str, period: Period, firing: Sequence[Alert], now: float) -> ModelView:
        spec, watch = self._specs.get(name), self._objectives.get(name)
        versions = self._versions(name, period, now)
        declared = spec.counted_languages if spec else []
        whole = sum(version.level.own.texts for version in versions)
        views = [version_view(one, period, whole=whole, declared=declared) for one in versions]
        return ModelView(
            model=name,
            owner=spec.owner if spec else "",
            versions=sorted(views, key=lambda view: -view.texts),
            slos=watch.judge(now).views if watch else [],
            alerts=[alert for alert in firing if alert.model == name],
            **model_fields(versions, period),
        )

    def _versions(self, name: str, period: Period, now: float) -> list[VersionCounts]:
        """Those that answered in the period or the one before, and those with an alias."""
        read = self._read(name, period)
        aliases = {str(one.number): list(one.aliases) for one in self.workspace.catalog.versions(name) if one.aliases}
        drifts = self._drifts[name].states(now) if name in self._drifts else {}
        return [
            self._counted(name, number, aliases.get(number, []), Counted.of(read.get(number, {}), period), drifts)
            for number in sorted({*read, *aliases})
        ]

    def _counted(
        self, model: str, number: str, aliases: list[str], counted: Counted, drifts: dict[str, Drifts]
    ) -> VersionCounts:
        spec = self._specs.get(model)
        prices = self._prices.of_serving(spec.serving.device) if spec else self._prices
        costs = {row.language: row for row in cost_rows([Served(model, number, counted.now)], prices)}
        return VersionCounts(number, aliases, counted, drifts.get(number, Drifts()), costs)

    def _read(self, model: str, period: Period) -> dict[str, dict[str, ServiceCounts]]:
        return read_by_version(
            self.workspace.catalog, "service", model, since=period.earlier[0], decode=ServiceCounts.decode
        )

    # Names

    def _names(self, model: str | None) -> list[str]:
        return [model] if model is not None else sorted({*self._specs, *self.workspace.catalog.models()})

    def _check(self, model: str | None, version: str | None = None, language: str | None = None) -> None:
        """Raises `NotFound` for an unknown model or version, and `InvalidRequest` for a language that it never met."""
        if model is None:
            return
        if model not in (names := self._names(None)):
            raise NotFound(f"There is no model {shown(model)}.", help=suggest(model, names))
        if version is not None and version not in (numbers := self._numbers(model)):
            raise NotFound(f"Model '{model}' has no version {shown(version)}.", help=suggest(version, numbers))
        known = self._languages(self._specs.get(model))
        if language is not None and language not in known:
            raise InvalidRequest(f"'{model}' has no language {shown(language)}.", help=suggest(language, known))

    def _numbers(self, model: str) -> list[str]:
        return [str(version.number) for version in self.workspace.catalog.versions(model)]

    def _languages(self, spec: ModelSpec | None) -> list[str]:
        return [*(spec.counted_languages if spec else []), "other", "unknown"]


def narrowed(model: ModelView, version: str | None, language: str | None) -> ModelView:
    """Only these of the versions and languages; sums stay those over all."""
    versions = [
        msgspec.structs.replace(one, languages=[row for row in one.languages if language in (None, row.language)])
        for one in model.versions
        if version in (None, one.version)
    ]
    return msgspec.structs.replace(model, versions=versions)
