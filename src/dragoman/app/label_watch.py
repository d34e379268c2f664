"""Counts labels for the objective of quality and for releases, whoever kept them and whichever server answered."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from dragoman.app.workspace import Workspace
from dragoman.errors import Conflict
from dragoman.feedback.arrivals import Arrival, Arrivals, Batch, first_told
from dragoman.feedback.logged import AnswerLog, Logged
from dragoman.feedback.position import Compared, Position
from dragoman.monitoring.prediction_log.query import read_pending
from dragoman.monitoring.service import ServiceCounts
from dragoman.monitoring.service.counter import EventSink
from dragoman.monitoring.service.open_hours import counted_as
from dragoman.monitoring.times import bucket_of, seconds_of
from dragoman.records import Counts, Release
from dragoman.spec import ModelSpec

__all__ = ["REPLICA", "LabelWatch"]

REPLICA = "labels"  # under which the counts are stored
POSITION: dict[str, Any] = {"kind": "labels", "model": "", "version": "", "start": "", "replica": REPLICA}
DAY = 86_400.0
RETRY_SECONDS = 10.0  # between two looks for the predictions of labels that wait
REST = 4.0  # times as long as a look took, until the next one: a large log must not keep a core busy
MOST_TRIES = 12  # after that a label waits no more
MOST_WAITING = 20_000


class Truth(NamedTuple):
    """A label and the answer that it is about."""

    label: Arrival
    answer: Logged
    right: bool


class LabelWatch:
    """Looks at the labels that were kept since the last look. One server at a time does, or the slower one's is lost.

    Each prediction counts once, with the first label that counts, in the hour in which it is counted: the position
    behind the last label and the counts are one transaction, so that a kill at any moment counts nothing twice. What it
    says of releases is in the position too, and is told to them afterwards, again where that was cut off.
    """

    def __init__(
        self, workspace: Workspace, specs: Mapping[str, ModelSpec], *, log: Path, sink: EventSink | None = None
    ) -> None:
        """`log` is the folder of the prediction log, `sink` is told of every truth that was counted."""
        self.catalog, self.tables, self.folder, self.sink = workspace.catalog, workspace.tables, log, sink
        self.specs = {name: spec for name, spec in specs.items() if spec.log.enabled}
        self._arrivals = Arrivals(workspace.tables)
        self._known: Position | None = None  # as of the last look of this process
        self._retried = self._rests = float("-inf")

    def begin(self) -> None:
        """Before the first answer: labels of another time are not counted."""
        if self._stored() is None:
            row = Counts(**POSITION, content=Position(version=self._arrivals.newest()).encode())
            self.catalog.save_counts([row])

    def look(self, now: float) -> int:
        """Count what came; returns how many predictions got their truth. `now` is in seconds since 1970.

        Raises what the catalog raises, and `Untrusted` for a changed log.
        """
        begun = time.monotonic()
        if begun < self._rests or (self._known is not None and not self._is_due(self._known)):
            return 0
        try:
            return self._look(now)
        finally:
            self._rests = time.monotonic() + REST * (time.monotonic() - begun)

    def _look(self, now: float) -> int:
        stored = self._stored()
        if stored is None:
            self.begin()
            return 0
        position = Position.decode(stored.content)
        batch = self._arrivals.read(position.version, position.row)
        found, waiting = self._truths(batch, position, now)
        releases = {one.id: one for one in self.catalog.releases(active=True) if one.step >= 0}
        after = Position(
            version=batch.version,
            row=batch.row,
            hour=max(position.hour, bucket_of(now, minutes=60)) if found else position.hour,
            waiting=waiting,
            compared=self._compared(position, found, releases),
        )
        if after != position and not self._save(stored, after, found, now):
            return 0
        for id, compared in after.compared.items():
            self.catalog.save_tallies(id, REPLICA, compared.rows, {})
        self._known = after
        return len(found)

    def _is_due(self, position: Position) -> bool:
        return self._arrivals.is_more(position.version) or (bool(position.waiting) and self._retries())

    def _retries(self) -> bool:
        """In real time: rows of the log come in it, whatever the clock says."""
        return time.monotonic() - self._retried >= RETRY_SECONDS

    def _log(self) -> AnswerLog:
        return AnswerLog(self.tables, read_pending(self.folder))

    def _stored(self) -> Counts | None:
        rows = self.catalog.counts("labels", "")
        return rows[0] if rows else None

    # Truths

    def _truths(self, batch: Batch, position: Position, now: float) -> tuple[list[Truth], list[Arrival]]:
        """What has an answer now, and the labels that still wait for one."""
        fresh = self._fresh(batch, position)
        again = {one.prediction_id: one for one in position.waiting} if self._retries() else {}
        kept = [] if again else position.waiting
        if not fresh and not again:
            return [], kept
        self._retried = time.monotonic()
        log = self._log()
        days = max((spec.slo.days for spec in self.specs.values()), default=1)
        answers = log.answers(fresh.keys(), since=now - DAY * days) | log.answers(again.keys(), since=now - DAY)
        both = fresh | again
        missing = [msgspec.structs.replace(both[id], tries=both[id].tries + 1) for id in both if id not in answers]
        waiting = [*kept, *(one for one in missing if one.tries < MOST_TRIES)][-MOST_WAITING:]
        return [one for id, answer in answers.items() if (one := self._truth(both[id], answer, now))], waiting

    def _fresh(self, batch: Batch, position: Position) -> dict[str, Arrival]:
        """The labels that are the first of their predictions, and not those that wait."""
        first = {id: one for id, one in first_told(batch.labels).items() if one.model in self.specs}
        known = {one.prediction_id for one in position.waiting}
        if first:
            known |= self._arrivals.told_before(first.keys(), position.version, position.row)
        return {id: one for id, one in first.items() if id not in known}

    def _truth(self, label: Arrival, answer: Logged, now: float) -> Truth | None:
        """None for an answer of another model, one before the period of the objectives, and one without a label."""
        if answer.model != label.model or now - answer.time > DAY * self.specs[label.model].slo.days:
            return None
        right = answer.is_right(label.label)
        return None if right is None else Truth(label, answer, right)

    # Counts

    def _save(self, stored: Counts, after: Position, found: Collection[Truth], now: float) -> bool:
        """Store where the next look begins, with what this one counted; False where another server was faster."""
        rows = [Counts(**POSITION, content=after.encode())]
        for (model, version), truths in by_version(found).items():
            rows.append(self._counted(model, version, truths, after.hour, now))
        try:
            self.catalog.save_counts(rows, instead_of=[stored])
        except Conflict:
            self._known = None
            return False
        for one in found:
            self._tell(one)
        return True

    def _counted(self, model: str, version: str, truths: Collection[Truth], hour: str, now: float) -> Counts:
        """The counts of an hour, with these truths beside those that it had."""
        rows = self.catalog.counts("service", model, version=version, since=hour)
        mine = [row for row in rows if row.start == hour and row.replica == REPLICA]
        counts = ServiceCounts.decode(mine[0].content) if mine else ServiceCounts()
        late = now - seconds_of(hour)
        minute = int(late) // 60 if 0 <= late < 3_600 else 0
        for one in truths:
            counts.add_truth(self._language(one), right=one.right, minute=minute)
        return Counts(
            kind="service", model=model, version=version, start=hour, replica=REPLICA, content=counts.encode()
        )

    def _tell(self, one: Truth) -> None:
        if self.sink is not None:
            self.sink.count(one.answer.model, "quality", self._language(one), total=1, bad=int(not one.right))

    def _language(self, one: Truth) -> str:
        return counted_as(one.answer.language, self.specs[one.answer.model].counted_languages)

    # Releases

    def _compared(
        self, position: Position, found: Collection[Truth], releases: Mapping[str, Release]
    ) -> dict[str, Compared]:
        """What was known of the active releases, and what these truths say of inputs that both arms answered."""
        compared = {id: one for id, one in position.compared.items() if id in releases}
        mine = {one.answer.id: one for one in found if one.answer.release in releases}
        if not mine:
            return compared
        oldest = min(one.answer.time for one in mine.values())
        for id, other in self._log().copies(mine.keys(), since=oldest - DAY).items():
            truth, release = mine[id], releases[mine[id].answer.release]
            if other.release == release.id:
                before = compared.get(release.id, Compared())
                compared[release.id] = before.with_truth(truth.answer, other, truth.label.label, release)
        return compared


def by_version(found: Collection[Truth]) -> dict[tuple[str, str], list[Truth]]:
    groups: dict[tuple[str, str], list[Truth]] = {}
    for one in found:
        groups.setdefault((one.answer.model, one.answer.version), []).append(one)
    return groups
