"""What a server does for the releases of its workspace: routes, counts, judges, and follows the champion."""

from __future__ import annotations

import logging
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Protocol

from dragoman.app.checking import CHECK_SECONDS, check_in_child, check_lease
from dragoman.app.monitor import Monitor
from dragoman.app.workspace import Workspace
from dragoman.errors import Conflict, DragomanError, NotFound, Unavailable
from dragoman.monitoring.metrics import Metrics
from dragoman.records import By, Release, Symptom
from dragoman.registry.uri import CHAMPION
from dragoman.release.controller import CONTROLLER, advance, finish, hours_between, plan_of
from dragoman.release.decision import decide
from dragoman.release.judge import Judge, plan_steps
from dragoman.release.ledger import Ledger
from dragoman.release.route import Route, route_of
from dragoman.release.tally import Cell, Tally
from dragoman.release.traffic import Lane, Traffic
from dragoman.serving.ids import new_id
from dragoman.serving.presence import FOLDER, announce, present, withdraw
from dragoman.serving.table import ModelTable
from dragoman.store.audit import now

__all__ = ["Conductor", "Models"]

logger = logging.getLogger(__name__)

TICK_SECONDS = 0.5  # between two looks at the catalog
SAVE_SECONDS = 2.0  # between two records of the same release that differ in numbers only
ANNOUNCE_SECONDS = 5.0  # between two signs of life
RETRY_SECONDS = 30.0  # between two checks of the same gates, where the first one died
LEASE_SECONDS = 5.0  # after which another server may judge


class Models(Protocol):
    """The models of the server."""

    table: ModelTable
    metrics: Metrics

    def be_watched(self, monitor: Monitor) -> None: ...

    def forget(self, name: str, version: str) -> None: ...

    @property
    def sources(self) -> Mapping[str, Any]:
        """Models that are no versions of the workspace, by name."""
        ...

    def load(self, name: str, version: str | None) -> None: ...

    def champion(self, name: str) -> str | None: ...


class Conductor:
    """A thread beside the server. Of several servers of one workspace one judges, and all route and count.

    Everything it knows is in the catalog: a server that is killed at any moment leaves a release that the next one goes
    on with. Requests that were counted since the last tick are lost to the evidence then, which stays valid.
    """

    def __init__(
        self,
        workspace: Workspace,
        host: Models,
        traffic: Traffic,
        *,
        url: str,
        replica: str = "",
        symptoms: Callable[[], Sequence[Symptom]] = tuple,
    ) -> None:
        self.workspace, self.host, self.traffic, self.url = workspace, host, traffic, url
        self.symptoms = symptoms
        self.replica = replica or new_id()
        self._announced = 0.0
        self._followed = -1  # number of the newest change that was looked at
        self._lanes: dict[str, Lane] = {}  # by release
        self._judges: dict[str, Judge] = {}
        self._saved: dict[str, float] = {}
        self._checks: dict[str, tuple[subprocess.Popen[bytes], float]] = {}  # and when they were begun
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="dragoman-releases", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Stop after the tick that runs; what was counted is kept."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(LEASE_SECONDS)
        for child, _ in self._checks.values():
            child.terminate()
        withdraw(self.workspace.state / FOLDER, self.replica)

    def tick(self) -> None:
        """One look at the catalog, and what follows from it."""
        releases = self.workspace.catalog.releases(active=True)
        self._route(releases)
        self._store_tallies(releases)
        if releases and self.workspace.catalog.lease("releases", self.replica, seconds=LEASE_SECONDS):
            for release in releases:
                self._conduct(release)
        self._follow_changes()
        self._announce()

    def _announce(self) -> None:
        """Say which versions answer here: who retires one asks."""
        if time.monotonic() - self._announced >= ANNOUNCE_SECONDS:
            self._announced = time.monotonic()
            versions = [f"models:/{row.name}/{row.version}" for row in self.host.table.rows() if row.version]
            announce(self.workspace.state / FOLDER, present(self.replica, self.url, versions, symptoms=self.symptoms()))

    def _run(self) -> None:
        while not self._stopping.wait(TICK_SECONDS):
            try:
                self.tick()
            except Unavailable as error:
                logger.warning("Releases wait: %s", error)
            except Exception:
                logger.exception("Releases could not be looked after.")
        with suppress(DragomanError):
            self._store_tallies(self.workspace.catalog.releases(active=True))

    # Traffic

    def _route(self, releases: Sequence[Release]) -> None:
        """Let the lanes be those of the releases that have traffic; what has ended is halted first."""
        running = {one.id: one for one in releases if one.step >= 0 and one.status != "promoted"}
        for id in [id for id in self._lanes if id not in running]:
            self._end_lane(id)
        for release in running.values():
            if self._is_loaded(release):
                self._set_lane(release)
        self.traffic.lanes = {lane.route.model: lane for lane in self._lanes.values()}

    def _set_lane(self, release: Release) -> None:
        known, route = self._lanes.get(release.id), route_of(release)
        if known is None or known.route != route:
            ledger = known.ledger if known else Ledger(release.languages)
            self._lanes[release.id] = Lane(route, ledger)

    def _end_lane(self, id: str) -> None:
        """Take the challenger's traffic away; a promoted one keeps answering, as the champion."""
        ended = self.workspace.catalog.release(id)
        lane = self._lanes.pop(id)
        if ended.status != "promoted":
            lane.halt()
            self._unload(lane.route)
        self._store(id, lane)
        for kept in (self._judges, self._saved):
            kept.pop(id, None)

    def _unload(self, route: Route) -> None:
        with suppress(NotFound, Unavailable):
            self.host.table.remove(route.model, route.challenger)
            self.host.forget(route.model, route.challenger)

    def _is_loaded(self, release: Release) -> bool:
        """Whether both versions answer here; loads the challenger where the champion does."""
        states = {(row.name, row.version): row.state for row in self.host.table.states()}
        if states.get((release.model, str(release.champion))) != "ready":
            return False
        challenger = (release.model, str(release.challenger))
        if challenger not in states:
            threading.Thread(target=self._load, args=challenger, name="dragoman-load", daemon=True).start()
        return states.get(challenger) == "ready"

    def _load(self, name: str, version: str) -> None:
        """Loading takes seconds: other releases must not wait for it."""
        try:
            self.host.load(name, version)
        except Conflict:  # it is on its way already
            pass
        except Exception:
            logger.exception("Version %s of '%s' could not be loaded for its release.", version, name)

    def _store_tallies(self, releases: Sequence[Release]) -> None:
        for release in releases:
            if release.id in self._lanes:
                self._store(release.id, self._lanes[release.id])

    def _store(self, id: str, lane: Lane) -> None:
        self.workspace.catalog.save_tallies(id, self.replica, lane.ledger.rows(), lane.ledger.exposed())

    # Decisions

    def _conduct(self, release: Release) -> None:
        """Bring one release forward. Somebody who changed it meanwhile comes first: the next tick sees it."""
        try:
            if release.status == "checking":
                self._check(release)
            elif release.status == "promoted":
                self._promote(release)
            elif release.step >= 0:
                self._judge(release)
        except Conflict:
            pass
        except DragomanError as error:  # another release must not wait for this one
            logger.warning("Release %s of '%s' waits: %s", release.id, release.model, error)

    def _check(self, release: Release) -> None:
        """Have the gates checked, unless somebody does; a check that was killed is done again."""
        child, begun = self._checks.get(release.id, (None, 0.0))
        is_mine = self.workspace.catalog.lease(check_lease(release.id), self.replica, seconds=CHECK_SECONDS)
        is_idle = child is None or child.poll() is not None
        if is_mine and is_idle and time.monotonic() - begun >= RETRY_SECONDS:
            self._checks[release.id] = check_in_child(self.workspace, release.id), time.monotonic()

    def _judge(self, release: Release) -> None:
        tallies, exposed = self._evidence(release.id)
        plan = plan_of(release)
        judge = self._judges.setdefault(release.id, Judge(plan, release.baselines, release.languages))
        moment = now()
        findings = judge.findings(tallies, hours=hours_between(release.started, moment))
        decision = decide(findings, plan, percent=plan_steps(plan)[release.step])
        move = advance(release, decision, findings, exposed=exposed, now=moment)
        if move.action or time.monotonic() - self._saved.get(release.id, 0.0) >= SAVE_SECONDS:
            saved = self.workspace.catalog.save_release(
                move.release, expected=release.revision, action=move.action, by=CONTROLLER
            )
            self._saved[release.id] = time.monotonic()
            if move.action:
                self._tell(saved)

    def _tell(self, release: Release) -> None:
        """Act on a change at once, rather than at the next look."""
        logger.info("Release %s of '%s': %s", release.id, release.model, release.notes[-1].text)
        self._route(self.workspace.catalog.releases(active=True))
        if release.status == "promoted":
            self._promote(release)

    def _promote(self, release: Release) -> None:
        """Move the champion, then call the release finished: a kill in between is made good by the next tick."""
        if self.workspace.catalog.alias(release.model, CHAMPION) == release.champion:
            by = By(actor=CONTROLLER.actor, reason=release.notes[-1].text, evidence=release.id)
            self.workspace.registry.promote(
                release.model, release.challenger, expected=release.champion, by=by, evidence=release
            )
        finished = finish(release, now=now())
        self.workspace.catalog.save_release(finished.release, expected=release.revision, action="", by=CONTROLLER)
        self._follow_champions()

    def _evidence(self, id: str) -> tuple[dict[Cell, Tally], dict[str, int]]:
        """What all replicas have counted together."""
        tallies: dict[Cell, Tally] = {}
        exposed: dict[str, int] = {}
        for rows, counts in self.workspace.catalog.tallies(id).values():
            for cell, tally in map(Tally.from_row, rows):
                tallies.setdefault(cell, Tally()).merge(tally)
            for language, count in counts.items():
                exposed[language] = exposed.get(language, 0) + count
        return tallies, exposed

    # The champion

    def _follow_changes(self) -> None:
        """Look for moved champions only where anything was changed: a server may have hundreds of models."""
        head = self.workspace.catalog.audit_head().number
        if head != self._followed:
            self._follow_champions()
            self._followed = head

    def _follow_champions(self) -> None:
        """Answer with the champion of the catalog, whoever moved it; the version before it stays loaded."""
        for name in {row.name for row in self.host.table.rows()} - set(self.host.sources):
            wanted = self.workspace.catalog.alias(name, CHAMPION)
            if wanted is not None and self.host.champion(name) not in (None, str(wanted)):
                self._crown(name, str(wanted))

    def _crown(self, name: str, version: str) -> None:
        loaded = {row.version for row in self.host.table.rows() if row.name == name}
        if version not in loaded:
            self.host.load(name, version)
        self.host.table.point(name, CHAMPION, version)
        logger.info("Version %s of '%s' is the champion now.", version, name)
