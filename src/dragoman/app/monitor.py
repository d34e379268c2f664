"""What a server does for the monitoring of its workspace: it stores what it counts; one of them judges and tells."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Protocol

from prometheus_client.registry import Collector

from dragoman.app.drift_watch import DriftWatch
from dragoman.app.freshness_watch import FreshnessWatch
from dragoman.app.label_watch import LabelWatch
from dragoman.app.ledger import budget_uses
from dragoman.app.loop_watch import LoopWatch
from dragoman.app.objectives import ObjectivesWatch
from dragoman.app.workspace import Workspace
from dragoman.clock import seconds
from dragoman.errors import DragomanError, Unavailable
from dragoman.feedback.review.metrics import ReviewCollector
from dragoman.loop.budget_metrics import BudgetCollector
from dragoman.monitoring.alerts import AlertBook, Contact, Courier, CourierCollector, contact_of, senders_of
from dragoman.monitoring.freshness import FreshnessCollector
from dragoman.monitoring.log_watch import LogWatch
from dragoman.monitoring.loop_metrics import LoopCollector, LoopSeen
from dragoman.monitoring.metrics import Metrics
from dragoman.monitoring.prediction_log.counters import LogStats
from dragoman.monitoring.profiler import Profiler
from dragoman.monitoring.resources.gpu import NvmlDevices
from dragoman.monitoring.resources.gpu_metrics import GpuCollector
from dragoman.monitoring.resources.model_memory import ModelMemoryCollector, model_memory
from dragoman.monitoring.resources.process import DiskCollector, process_collectors
from dragoman.monitoring.resources.watch import MemoryWatch
from dragoman.monitoring.retention import Retention
from dragoman.monitoring.service import ServiceCounter
from dragoman.monitoring.slo.alert_metrics import AlertCollector
from dragoman.monitoring.slo.sli_metrics import SliMetrics
from dragoman.monitoring.times import stamp
from dragoman.monitoring.watcher import Watcher
from dragoman.records import AlertKind, Counts, CountsKind, Symptom
from dragoman.serving.model import Model
from dragoman.serving.presence import FOLDER, live_servers
from dragoman.serving.table import ModelTable
from dragoman.spec import ModelSpec
from dragoman.spec.receivers import RECEIVERS_FILE
from dragoman.spec.receivers_file import read_receivers

__all__ = ["Monitor"]

logger = logging.getLogger(__name__)

TICK_SECONDS = 2.0
STORE_SECONDS = 10.0  # between two times that counts are stored: what a killed server loses of them
LOOK_SECONDS = 10.0  # between two judgements
SAMPLE_SECONDS = 60.0  # between two looks at the memory
LEASE_SECONDS = 30.0  # after which another server may judge
CLOSE_SECONDS = 10.0
MOST_HELD_SECONDS = 60.0  # a machine that slept held nothing meanwhile
LOG_FOLDER = "prediction-log"
SERVERS = ""  # the model of what is wrong with a server, whichever models it has


class Serving(Protocol):
    """The server that is watched."""

    metrics: Metrics
    table: ModelTable


class Monitor:
    """A thread beside the server, and the observer of its models.

    Everything it knows is in the catalog: a server that is killed loses what it counted in the last ten seconds, and
    the next one to judge goes on with the alerts as they are.
    """

    def __init__(
        self,
        workspace: Workspace,
        server: Serving,
        *,
        replica: str,
        url: str,
        log: Callable[[], LogStats],
        clock: Callable[[], float] = seconds,
    ) -> None:
        self.workspace, self.replica, self.log, self.clock = workspace, replica, log, clock
        self.specs = {spec.name: spec for spec in workspace.specs_or_none()}
        self._sli = SliMetrics(server.metrics.registry)
        self.service, self.profiler = ServiceCounter(self._sli), Profiler(clock)
        self.watcher = Watcher(self.service, self.profiler, clock)
        self.server, devices = server, NvmlDevices()
        self.memory = MemoryWatch(url, devices=devices, known=self._cached)
        self._log_watch = LogWatch(url)
        receivers = read_receivers(workspace.root / RECEIVERS_FILE)
        self.courier = Courier(workspace.catalog, senders_of(receivers), clock=lambda: stamp(clock()))
        for collector in self._collectors(devices):
            server.metrics.add(collector)
        settings = workspace.settings
        self.book = AlertBook(workspace.catalog, receivers, region=settings.region, runbooks=settings.runbooks)
        self._labels = LabelWatch(workspace, self.specs, log=workspace.state / LOG_FOLDER, sink=self._sli)
        self._judges = Judges(workspace, list(self.specs.values()), clock=clock)
        self._retention = Retention(workspace.catalog, self.specs.values())
        self._started = self._held = clock()
        self._due = Due(clock)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="dragoman-monitor", daemon=True)

    def start(self) -> None:
        with suppress(DragomanError):  # then the first tick does
            if self._leads():
                self._labels.begin()
        self.profiler.start()
        self._thread.start()

    def close(self) -> None:
        """Stop after the tick that runs; what was counted is stored."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(CLOSE_SECONDS)
        self.profiler.close()
        self.courier.wait(CLOSE_SECONDS)
        try:
            self._store()
        except DragomanError as error:
            logger.warning("What was counted last is lost: %s", error)

    def watch(self, model: Model) -> None:
        """A version was loaded: count what it is asked, if the workspace has a spec of it."""
        self.memory.restart(self.clock())
        if model.name in self.specs and model.version:
            self._sli.watch(self.specs[model.name])
            self.watcher.watch(model, self.specs[model.name])

    def forget(self, model: str, version: str) -> None:
        """A version is gone."""
        self.watcher.forget(model, version)

    def symptoms(self) -> Sequence[Symptom]:
        """What is wrong with this server, whatever its models do."""
        return [*self.memory.symptoms(), *self._log_watch.symptoms(self.log(), self.clock())]

    def tick(self) -> None:
        """Store what is due; judge and tell, if no other server does."""
        if self._due("sample", SAMPLE_SECONDS):
            self.memory.sample(self.clock())
        if self._due("store", STORE_SECONDS):
            self._count_memory()
            self._store()
        if self._leads():
            self._count_labels()
            if self._due("look", LOOK_SECONDS):
                self._look()
            self.courier.tick()
            self._retention.tidy(self.clock())

    def _run(self) -> None:
        while not self._stopping.wait(TICK_SECONDS):
            try:
                self.tick()
            except Unavailable as error:
                logger.warning("Monitoring waits: %s", error)
            except Exception:
                logger.exception("The models could not be looked after.")

    def _store(self) -> None:
        profiles, served = self.profiler.changed(), self.service.changed(at=self.clock())
        rows = [self._row("profile", one.model, one.version, one.start, one.content) for one in profiles]
        rows += [self._row("service", one.model, one.version, one.start, one.counts.encode()) for one in served]
        if rows:
            self.workspace.catalog.save_counts(rows)
        self.profiler.mark_stored(profiles)
        self.service.mark_stored(served)

    def _leads(self) -> bool:
        """Whether this server, of all of the workspace, counts labels, judges and tells."""
        return self.workspace.catalog.lease("monitor", self.replica, seconds=LEASE_SECONDS)

    def _count_labels(self) -> None:
        try:
            self._labels.look(self.clock())
        except DragomanError as error:
            logger.warning("Labels are not counted: %s", error)

    def _count_memory(self) -> None:
        """Of the weights that are loaded, for the cost."""
        now = self.clock()
        seconds, self._held = min(now - self._held, MOST_HELD_SECONDS), now
        for (model, version), size in model_memory(self.server.table.models()).items():
            self.service.held(model, version, megabytes=size / 1e6, seconds=seconds, at=now)

    def _cached(self) -> int:
        """Bytes of results that are kept: they grow until the caches are full."""
        engines = {id(model.backbone): model.backbone.engine for model in self.server.table.models()}
        return sum(engine.cache.bytes for engine in engines.values())

    def _collectors(self, devices: NvmlDevices) -> list[Collector]:
        catalog, state = self.workspace.catalog, self.workspace.state
        return [
            *process_collectors(),
            CourierCollector(self.courier.stats),
            AlertCollector(lambda: catalog.alerts(firing=True)),
            DiskCollector(state, {"prediction_log": state / LOG_FOLDER}),
            GpuCollector(devices),
            ModelMemoryCollector(self.server.table.models),
            FreshnessCollector(FreshnessWatch(self.workspace.features, clock=self.clock).freshness),
            ReviewCollector(lambda since: catalog.review_tasks(since=since)),
            LoopCollector(self._loop),
            BudgetCollector(lambda: budget_uses(self.workspace, self.workspace.specs_or_none(), now=self.clock())),
        ]

    def _loop(self, jobs_since: str, decisions_since: str) -> LoopSeen:
        catalog = self.workspace.catalog
        return LoopSeen(
            catalog.jobs(statuses=["waiting", "running"]),
            catalog.jobs(since=jobs_since),
            catalog.decisions(since=decisions_since),
        )

    def _look(self) -> None:
        """Judge everything, and let alerts follow."""
        now = self.clock()
        found, blind = self._judges.look(now, up_since=self._started)
        servers = live_servers(self.workspace.state / FOLDER)
        found += [symptom for server in servers for symptom in server.symptoms]
        self.book.look(found, contacts=self._contacts(), now=stamp(now), blind=blind)

    def _contacts(self) -> dict[str, Contact]:
        """Who answers for each model; for a server, all who answer for any."""
        owners = ", ".join(sorted({spec.owner for spec in self.specs.values()}))
        return {name: contact_of(spec) for name, spec in self.specs.items()} | {SERVERS: Contact(owners)}

    def _row(self, kind: CountsKind, model: str, version: str, start: str, content: bytes) -> Counts:
        return Counts(kind=kind, model=model, version=version, start=start, replica=self.replica, content=content)


class Judges:
    """Judges all models. What cannot be judged now is named, so that its alerts stay as they are."""

    def __init__(
        self, workspace: Workspace, specs: Sequence[ModelSpec], *, clock: Callable[[], float] = seconds
    ) -> None:
        self._ages = FreshnessWatch(workspace.features, clock=clock)
        self._specs = list(specs)
        self._objectives = {spec.name: ObjectivesWatch(workspace.catalog, spec) for spec in specs}
        self._drifts = {spec.name: DriftWatch(workspace, spec) for spec in specs}
        self._loop = LoopWatch(workspace.catalog, specs, workspace.settings)

    def look(self, now: float, *, up_since: float) -> tuple[list[Symptom], list[tuple[str, AlertKind]]]:
        """The symptoms that hold at `now`, and what could not be judged: model and kind."""
        found: list[Symptom] = []
        blind: list[tuple[str, AlertKind]] = []
        for name, objectives in self._objectives.items():
            try:
                found += objectives.judge(now, up_since=up_since).symptoms
            except DragomanError as error:
                logger.warning("The objectives of '%s' cannot be judged: %s", name, error)
                blind += [(name, "slo"), (name, "absent")]
        for name, drift in self._drifts.items():
            try:
                found += drift.symptoms(now)
            except DragomanError as error:
                logger.warning("The drift of '%s' cannot be judged: %s", name, error)
                blind += [(name, "drift"), (name, "language-mix")]
        try:
            found += self._ages.symptoms(self._specs)
        except DragomanError as error:
            logger.warning("The freshness of features cannot be judged: %s", error)
            blind += [(spec.name, "freshness") for spec in self._specs]
        try:
            found += self._loop.symptoms(now, up_since=up_since)
        except DragomanError as error:
            logger.warning("The loop cannot be judged: %s", error)
            blind += [(spec.name, "loop") for spec in self._specs]
        return found, blind


class Due:
    """Says when something is to be done again."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self._done: dict[str, float] = {}

    def __call__(self, what: str, seconds: float) -> bool:
        """Whether it was not done in the last seconds; it is done now."""
        now = self.clock()
        if now - self._done.get(what, float("-inf")) < seconds:
            return False
        self._done[what] = now
        return True
