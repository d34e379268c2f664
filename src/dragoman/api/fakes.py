"""Desks without a workspace, for tests: releases and labels in memory, and a clock that counts."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from dragoman.errors import Conflict, NotFound
from dragoman.records import By, Finding, Label, Release, ReleaseStatus
from dragoman.release.events import Event
from dragoman.spec import ReleaseSpec

__all__ = ["FakeDesk", "FakeLabels", "fake_finding", "fake_release"]

START = datetime(2026, 7, 1, 12, tzinfo=UTC)
ENDS = ("promoted", "rolled_back")


def fake_finding(**changes: object) -> Finding:
    """Agreement in Thai has failed; `changes` replace fields."""
    finding = Finding(
        metric="agreement",
        language="th",
        scope="language",
        n=400,
        effect=0.11,
        low=0.08,
        high=0.15,
        limit=0.04,
        e_value=5e6,
        e_safe=0.001,
        verdict="fail",
        basis="evaluation",
    )
    return msgspec.structs.replace(finding, **changes)


def fake_release(**changes: object) -> Release:
    """A release of `support/8` in its canary phase; `changes` replace fields."""
    release = Release(
        id="r-1",
        model="support",
        champion=7,
        challenger=8,
        status="canary",
        step=1,
        share=0.05,
        plan=msgspec.to_builtins(ReleaseSpec()),
        languages=["de", "th"],
        actor="ada",
        started=str_of(START),
        stepped=str_of(START),
    )
    if changes.get("status") in ENDS:
        changes = {"finished": str_of(START), **changes}
    return msgspec.structs.replace(release, **changes)


class FakeDesk:
    """Keeps the rules of `ReleaseDesk`; a release that is started stands at its first step at once."""

    def __init__(self, releases: Sequence[Release] = (), *, versions: Mapping[str, int] | None = None) -> None:
        self.versions = dict(versions or {"support": 9})  # model → its newest version; all below exist
        self.kept = {release.id: release for release in releases}
        self.changes: list[tuple[Event, By]] = []
        self._ids = itertools.count(len(self.kept) + 1)

    def releases(self, *, model: str | None = None, active: bool | None = None) -> Sequence[Release]:
        if model is not None:
            self._newest_version(model)
        newest_first = reversed(self.kept.values())
        return [one for one in newest_first if model in (None, one.model) and active in (None, one.is_active)]

    def release(self, id: str) -> Release:
        if id not in self.kept:
            raise NotFound(f"There is no release {id!r}.", help="GET /v1/releases lists them.")
        return self.kept[id]

    def start(self, model: str, challenger: int, *, by: By) -> Release:
        if challenger > self._newest_version(model):
            raise NotFound(f"Model '{model}' has no version {challenger}.", help="GET /v1/models lists them.")
        if running := self.releases(model=model, active=True):
            raise Conflict(f"Release {running[0].id} of '{model}' is active.", help="wait until it ends.")
        id = f"r-{next(self._ids)}"
        begun = fake_release(id=id, model=model, challenger=challenger, actor=by.actor, reason=by.reason)
        return self._keep(begun, "started", by)

    def approve(self, id: str, *, by: By) -> Release:
        if (waiting := self.release(id)).status != "waiting":
            raise Conflict(f"Release {id} does not wait for approval.", help="nothing is to be done.")
        return self._keep(msgspec.structs.replace(waiting, status="shadow", approved=by.actor), "approved", by)

    def roll_back(self, id: str, *, by: By) -> Release:
        if not (running := self.release(id)).is_active:
            raise Conflict(f"Release {id} has ended: {running.status}.", help="nothing is to be done.")
        status: ReleaseStatus = "rolled_back"
        ended = msgspec.structs.replace(running, status=status, share=0.0, finished=self._now())
        return self._keep(ended, "rolled back", by)

    def events(
        self, *, since: datetime | None = None, until: datetime | None = None, model: str | None = None
    ) -> Sequence[Event]:
        if model is not None:
            self._newest_version(model)
        within = [event for event, _ in self.changes if is_within(event.time, since, until)]
        return [event for event in within if model in (None, event.model)]

    def _newest_version(self, model: str) -> int:
        if model not in self.versions:
            raise NotFound(f"There is no model {model!r}.", help="GET /v1/models lists them.")
        return self.versions[model]

    def _keep(self, release: Release, kind: str, by: By) -> Release:
        text = f"{release.model}/{release.challenger}: {kind}"
        event = Event(
            time=self._now(),
            kind=kind,
            model=release.model,
            version=release.challenger,
            release=release.id,
            actor=by.actor,
            text=text,
        )
        self.changes.append((event, by))
        self.kept[release.id] = release
        return release

    def _now(self) -> str:
        """A minute later than the last change."""
        return str_of(START + timedelta(minutes=len(self.changes) + 1))


def str_of(time: datetime) -> str:
    return time.isoformat().replace("+00:00", "Z")


def is_within(time: str, since: datetime | None, until: datetime | None) -> bool:
    at = datetime.fromisoformat(time)
    return (since is None or at >= since) and (until is None or at < until)


class FakeLabels:
    """Keeps labels of any model."""

    def __init__(self) -> None:
        self.labels: list[Label] = []

    def keep(self, model: str, labels: Sequence[Label], *, by: By) -> int:
        self.labels += labels
        return 0
