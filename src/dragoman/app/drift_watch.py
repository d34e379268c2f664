"""The drift of one model's versions, judged from what its servers have stored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from dragoman.app.overview import Drifts, joined
from dragoman.app.workspace import Workspace
from dragoman.errors import InvalidInput
from dragoman.monitoring.drift import DriftFindings, DriftJudge, DriftRow
from dragoman.monitoring.drift.grouping import grouped, ungrouped
from dragoman.monitoring.history import History
from dragoman.monitoring.times import bucket_of, seconds_of, stamp
from dragoman.profiles import Profile, Reference
from dragoman.records import DriftState, DriftView, Symptom, Verdict
from dragoman.spec import ModelSpec

__all__ = ["DriftWatch"]

DAY = 86_400.0
LOOK_GRACE = 25.0  # seconds after the end of a bucket in which replicas store what they counted in it
VERDICTS: dict[str, Verdict] = {"ok": "pass", "drift": "fail", "not enough evidence": "not enough evidence"}
NOTHING = DriftFindings([], [])


class DriftWatch:
    """Looks once at every bucket that is over. Not safe to share between threads."""

    def __init__(self, workspace: Workspace, spec: ModelSpec) -> None:
        self.workspace, self.spec, self.drift = workspace, spec, spec.drift
        self._versions: dict[str, VersionDrift | None] = {}  # None: it has no reference

    def symptoms(self, now: float) -> list[Symptom]:
        """What has drifted, one for each language of a version."""
        return grouped(symptom for _, found in self._look(now) for symptom in found.symptoms)

    def views(self, now: float) -> list[DriftView]:
        """Each signal of each language in the window that says most; those that drifted first, the largest first."""
        views = [view for version, found in self._look(now) for view in self._views(version, found)]
        return sorted(
            views, key=lambda view: (view.verdict != "fail", -(view.effect or 0.0), view.language, view.signal)
        )

    def states(self, now: float) -> dict[str, Drifts]:
        """In short, by version."""
        return {version: drifts_of(list(self._views(version, found))) for version, found in self._look(now)}

    def _look(self, now: float) -> list[tuple[str, DriftFindings]]:
        if not self.drift.enabled:
            return []
        minutes = self.drift.every_minutes
        at = bucket_of(now - LOOK_GRACE - 60.0 * minutes, minutes=minutes)
        since = stamp(seconds_of(at) - 60.0 * minutes * (self.drift.windows[-1] - 1))
        rows = self.workspace.catalog.counts("profile", self.spec.name, since=since)
        versions = ((number, self._version(number)) for number in sorted({row.version for row in rows}))
        return [(number, version.look(at, since=since, now=now)) for number, version in versions if version]

    def _version(self, number: str) -> VersionDrift | None:
        if number not in self._versions:
            reference = self._reference(number)
            made = VersionDrift(self.workspace, self.spec, number, reference) if reference is not None else None
            self._versions[number] = made
        return self._versions[number]

    def _reference(self, number: str) -> Reference | None:
        """That of the bundle; None in bundles of older releases."""
        from dragoman.registry.bundle import REFERENCE_FILE  # heavy: the ONNX library

        version = self.workspace.catalog.version(self.spec.name, int(number))
        content = self.workspace.registry.stored_file(version, REFERENCE_FILE)
        return None if content is None else Reference.from_bytes(content)

    def _views(self, version: str, found: DriftFindings) -> Iterator[DriftView]:
        since = {(one.language, one.name): one.since for one in found.symptoms}
        cells: dict[tuple[str, str], list[DriftRow]] = {}
        for row in found.rows:
            cells.setdefault((row.language, row.signal), []).append(row)
        for cell, rows in cells.items():
            yield self._view(version, telling(rows), since.get(cell, ""))

    def _view(self, version: str, row: DriftRow, since: str) -> DriftView:
        """A change that was told is there until it has gone, even if the last look alone would not begin with it."""
        return DriftView(
            model=self.spec.name,
            version=version,
            language=row.language,
            signal=row.signal,
            window_hours=row.window * self.drift.every_minutes / 60,
            n=row.n,
            p_value=row.p_value,
            effect=row.effect,
            before=_share(row.what, row.before),
            after=_share(row.what, row.after),
            verdict="fail" if since else VERDICTS[row.verdict],
            since=since,
        )


class VersionDrift:
    """One version: its reference, its first traffic, and its last look."""

    def __init__(self, workspace: Workspace, spec: ModelSpec, version: str, reference: Reference) -> None:
        self.workspace, self.spec, self.version, self.reference = workspace, spec, version, reference
        self._history = History(
            workspace.catalog,
            "profile",
            spec.name,
            version=version,
            minutes=spec.drift.every_minutes,
            decode=self._decode,
        )
        self._judge: DriftJudge | None = None
        self._has_baseline = False
        self._last: Looked | None = None

    def look(self, at: str, *, since: str, now: float) -> DriftFindings:
        """What is found in the windows that end with the bucket from `at`; that of the last call if it is the same."""
        if self._last is None or self._last.at != at:
            judge = self._judged_by(now)
            minutes = self.spec.drift.every_minutes
            until = stamp(seconds_of(at) + 60.0 * minutes)
            buckets = self._history.read(since=since, until=until, now=now)
            found = judge.look(
                list(buckets.items()), model=self.spec.name, version=self.version, at=at, earlier=self._earlier()
            )
            self._last = Looked(at, found)
        return self._last.found

    def _judged_by(self, now: float) -> DriftJudge:
        """The judge; made anew when the days are over whose traffic is a reference."""
        if self._judge is None or not self._has_baseline:
            baseline = self._baseline(now)
            self._has_baseline = bool(baseline)
            if self._judge is None or baseline:
                self._judge = DriftJudge(self.spec.drift, self.reference, baseline=baseline)
        return self._judge

    def _baseline(self, now: float) -> list[tuple[str, Profile]]:
        """The version's first days; empty until they are over."""
        catalog, name = self.workspace.catalog, self.spec.name
        rows = catalog.counts("profile", name, version=self.version)
        if not rows:
            return []
        end = seconds_of(rows[0].start) + DAY * self.spec.drift.reference_days
        if now < end:
            return []
        history = History(
            catalog,
            "profile",
            name,
            version=self.version,
            minutes=self.spec.drift.every_minutes,
            decode=self._decode,
        )
        return list(history.read(since=rows[0].start, until=stamp(end), now=now).items())

    def _earlier(self) -> Sequence[Symptom]:
        """What the look before gave; what another server has told, where this one has not looked yet."""
        if self._last is not None:
            return self._last.found.symptoms
        alerts = self.workspace.catalog.alerts(model=self.spec.name, firing=True)
        return [one for one in ungrouped(alerts) if one.version == self.version]

    def _decode(self, content: bytes) -> Profile:
        """Raises `InvalidInput` for a profile of another reference."""
        profile = Profile.decode(content)
        if profile.digest != self.reference.digest:
            raise InvalidInput("This profile has other bins than the version's reference.")
        return profile


class Looked(NamedTuple):
    """The last look."""

    at: str
    found: DriftFindings


def telling(rows: Sequence[DriftRow]) -> DriftRow:
    """Of the windows of a cell, the one that says most: the clearest change, else the longest that was tested."""
    drifted = [row for row in rows if row.verdict == "drift"]
    if drifted:
        return min(drifted, key=lambda row: row.p_value if row.p_value is not None else 1.0)
    tested = [row for row in rows if row.p_value is not None]
    return max(tested or rows, key=lambda row: row.window)


def drifts_of(views: Sequence[DriftView]) -> Drifts:
    """The state of a version and of each of its languages."""
    languages: dict[str, list[DriftView]] = {}
    for view in views:
        languages.setdefault(view.language, []).append(view)
    states = {language: state_of(own) for language, own in languages.items()}
    return Drifts(joined(list(states.values())), {name: state for name, state in states.items() if name})


def state_of(views: Sequence[DriftView]) -> DriftState:
    """Several signals in short."""
    drifted = [view for view in views if view.verdict == "fail"]
    undecided = sum(view.verdict == "not enough evidence" for view in views)
    verdict: Verdict = "fail" if drifted else "not enough evidence" if undecided == len(views) else "pass"
    worst = max(drifted, key=lambda view: view.effect or 0.0, default=None)
    return DriftState(verdict=verdict, signals=len(views), drifted=len(drifted), undecided=undecided, worst=worst)


def _share(what: str, share: float | None) -> str:
    return "" if share is None else f"{what}: {share:.0%}"
