"""One ingest, first half: rows are judged, good ones staged, bad ones set aside."""

from __future__ import annotations

from typing import Self

from dragoman import clock
from dragoman.data.batches import Place, SourceBatch
from dragoman.data.ingest_task import Ingested, Task
from dragoman.data.late_rows import without_late
from dragoman.data.measuring import Measure
from dragoman.data.new_version import NewVersion
from dragoman.data.quarantine import BadRows
from dragoman.data.sifting import Progress, Sift
from dragoman.data.sources import Source
from dragoman.data.staging import Stage
from dragoman.data.stored_rows import require_digest, stored_batches
from dragoman.errors import InvalidData
from dragoman.records import CheckReport

__all__ = ["IngestRun"]


class IngestRun:
    """One ingest. Use it in a `with` block. With `quarantine` bad rows are filed instead of ending it."""

    def __init__(self, task: Task, *, quarantine: bool) -> None:
        self.task, self.now = task, clock.utc()
        self.bad = BadRows(time=self.now) if quarantine else None
        self.rows, self.filed = self._stage("rows"), self._stage("filed")
        self.measure = Measure(categories=task.categories().values(), folder=task.make_folder("digests"))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.measure.close()
        self.rows.drop()
        self.filed.drop()

    def run(self, source: Source) -> Ingested:
        with Sift(self.task.contract, folder=self.task.make_folder("keys"), bad=self.bad) as sift:
            found = self._judge(source, sift)
        if self.task.parent and not self.task.new_sources(source):
            return Ingested(found, self.task.parent, source.digests())
        if not found.passed and not sift.can_sort_out(found):
            return Ingested(found, None, source.digests())
        self.rows.close()
        if self.bad is not None and any(len(one.rows) for one in sift.late):
            self._drop_late(sift, self.bad)
            if not (again := self._judge_again()).passed:
                return Ingested(again, None, source.digests())
        if not self.rows.rows and not self.task.parent:
            if found.passed:
                raise InvalidData("There is no row: nothing was stored.", help="A version has at least one row.")
            return Ingested(found, None, source.digests())
        return self._store(source, found)

    def _judge(self, source: Source, sift: Sift) -> CheckReport:
        """Judge the rows of the parent, then those of the source."""
        if self.task.parent is not None:
            self._judge_parent(sift)
            require_digest(self.task.parent, self.measure.measured().digest)
        if not sift.is_old_broken:
            for kept in sift.source(source, self.task.report):
                self.rows.add(kept)
                self._stage_bad()
        return sift.finish()

    def _judge_parent(self, sift: Sift, *, is_measured: bool = True) -> None:
        """Rows are added to a version only if all together keep the contract. Its places are rows."""
        if (parent := self.task.parent) is None:
            return
        for batch in stored_batches(parent, self.task.stores.tables):
            sift.old_batch(SourceBatch(batch, Place(f"{parent.name}/{parent.number}", sift.rows + 1)))
            if is_measured:
                self.measure.add(batch)
            self.task.report(Progress("checking", sift.rows, None))

    def _drop_late(self, sift: Sift, bad: BadRows) -> None:
        """Take back rows that only all rows together showed to be bad."""
        everything, self.rows = self.rows, self._stage("in-time")
        for done in without_late(everything, self.rows, sift=sift, bad=bad):
            self.task.report(Progress("sorting out", done, done / everything.rows))
            self._stage_bad()
        self.rows.close()
        everything.drop()

    def _judge_again(self) -> CheckReport:
        """Hold what is left against the contract: a version must keep it as it is."""
        with Sift(self.task.contract, folder=self.task.make_folder("keys-again")) as sift:
            self._judge_parent(sift, is_measured=False)
            for batch in self.rows.batches():
                sift.batch(SourceBatch(batch, Place(self.task.name, sift.rows + 1)))
                self.task.report(Progress("checking again", sift.rows, None))
            return sift.finish()

    def _store(self, source: Source, found: CheckReport) -> Ingested:
        self._stage_bad(is_last=True)
        self.filed.close()
        new = NewVersion(self.task, self.rows, self.measure, report=found, created=self.now)
        try:
            version, is_new = new.store(source, filed=self.filed)
        finally:
            self.rows = new.rows
        return Ingested(found, version, source.digests(), is_new, self.filed.rows)

    def _stage_bad(self, *, is_last: bool = False) -> None:
        for batch in self.bad.batches(is_last=is_last) if self.bad else ():
            self.filed.add(batch)

    def _stage(self, what: str) -> Stage:
        return Stage(self.task.make_folder(what), mark=self.task.mark)
