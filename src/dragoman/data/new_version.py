"""One ingest, second half: what is staged becomes a version, or is found to be one already."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING

import msgspec

from dragoman.data.ingest_task import Task, contract_digest
from dragoman.data.measuring import Measure, Measured
from dragoman.data.quarantine import quarantine_table
from dragoman.data.sifting import Progress
from dragoman.data.sources import Source
from dragoman.data.staging import Stage
from dragoman.data.storable import fit_batch, same_columns, unified
from dragoman.data.stored_rows import stored_batches
from dragoman.data.unfinished import Intent
from dragoman.records import CheckReport, DatasetVersion
from dragoman.store.table_parts import Mode

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

__all__ = ["NewVersion"]

NO_TABLE = -1


class NewVersion:
    """Rows that keep the contract, on their way to be a version."""

    def __init__(self, task: Task, rows: Stage, measure: Measure, *, report: CheckReport, created: datetime) -> None:
        self.task, self.rows, self.measure = task, rows, measure
        self.report, self.created = report, created.isoformat(timespec="seconds")
        latest = task.stores.tables.latest(task.name)
        self.latest = NO_TABLE if latest is None else latest

    def store(self, source: Source, *, filed: Stage) -> tuple[DatasetVersion, bool]:
        """File the bad rows, store the good ones; the version, and whether it is a new one."""
        sources = self.task.new_sources(source)
        if self.task.parent and not self.rows.rows:
            if not source.positions():  # messages are read again with the next good one, and filed then
                self._file(filed, sources)
            return self.task.parent, False
        mode = self._fit_columns()
        record = self._record(source, sources, self._measured(mode), filed.rows)
        self._file(filed, sources)
        known = self.task.stores.catalog.find_dataset_version(self.task.name, record.digest)
        return (known, False) if known else (self._commit(record, mode), True)

    # What it is

    def _record(self, source: Source, sources: dict[str, str], measured: Measured, filed: int) -> DatasetVersion:
        parent = self.task.parent
        counts = {what: measured.counts[column] for what, column in self.task.categories().items()}
        return DatasetVersion(
            name=self.task.name,
            number=self.latest + 1,
            digest=measured.digest,
            rows=measured.rows,
            sources=dict(sorted({**(parent.sources if parent else {}), **sources}.items())),
            created=self.created,
            columns={field.name: str(field.type) for field in self.rows.schema},
            contract=contract_digest(self.task.contract),
            report=_without_values(self.report),
            parent=parent.number if parent else None,
            quarantined=filed,
            positions={**(parent.positions if parent else {}), **_copied(source)},
            **counts,
        )

    def _measured(self, mode: Mode) -> Measured:
        """What is in the version: read from the staged files, after the rows that they are added to."""
        if mode == "append":
            return self._measure_staged(self.measure)
        with Measure(categories=self.task.categories().values(), folder=self.task.make_folder("digests")) as measure:
            return self._measure_staged(measure)

    def _measure_staged(self, measure: Measure) -> Measured:
        done = 0
        for batch in self.rows.batches():
            measure.add(batch)
            done += batch.num_rows
            self.task.report(Progress("storing", done, done / self.rows.rows))
        return measure.measured()

    # How its columns fit those of the table

    def _fit_columns(self) -> Mode:
        """Give all staged rows the same columns, and say how they come into the table.

        Where they cannot be added to it, because a column is new or the table has gone on without the parent, the
        parent's rows are staged too.
        """
        parent, staged = self.task.parent, self.rows
        if parent is None:
            self._restage(staged.batches(), staged.schema, is_needed=not staged.is_even)
            return "overwrite"
        tables = self.task.stores.tables
        before = tables.dataset(parent.name, version=parent.number).schema
        schema = unified([before, staged.schema])
        if self.latest == parent.number and same_columns(schema, before):
            self._restage(staged.batches(), before, is_needed=not (staged.is_even and staged.schema.equals(before)))
            return "append"
        self._restage(chain(stored_batches(parent, tables), staged.batches()), schema, is_needed=True)
        return "overwrite"

    def _restage(self, batches: Iterable[pa.RecordBatch], schema: pa.Schema, *, is_needed: bool) -> None:
        if not is_needed:
            return
        staged, self.rows = self.rows, Stage(self.task.make_folder("fitted"), mark=self.task.mark)
        for batch in batches:
            self.rows.add(fit_batch(batch, schema))
            self.task.report(Progress("fitting columns", self.rows.rows, None))
        self.rows.close()
        staged.drop()

    # Commits

    def _commit(self, record: DatasetVersion, mode: Mode) -> DatasetVersion:
        """The table first, then the catalog. Whoever comes after a death in between finds the intent."""
        task, stores = self.task, self.task.stores
        intent = Intent(table=task.name, mark=task.mark, after=self.latest, record=record, by=task.by)
        path = intent.write(task.folder)
        stores.tables.add_parts(task.name, self.rows.parts, self.rows.schema, mode=mode, after=self.latest)
        added = stores.catalog.add_dataset_version(record, by=task.by)
        path.unlink()
        return added

    def _file(self, filed: Stage, sources: dict[str, str]) -> None:
        """Add bad rows to their table: once, however often the same sources are ingested under the same contract."""
        if not filed.rows:
            return
        tables, name = self.task.stores.tables, quarantine_table(self.task.name)
        what = [self.task.name, sorted(sources.items()), contract_digest(self.task.contract)]
        latest = tables.latest(name)
        path = Intent(table=name, mark=self.task.mark, after=NO_TABLE if latest is None else latest).write(
            self.task.folder
        )
        app = hashlib.sha256(msgspec.json.encode(what)).hexdigest()
        tables.add_parts(name, filed.parts, filed.schema, mode="append", app=app)
        path.unlink()


def _copied(source: Source) -> dict[str, dict[str, int]]:
    return {name: dict(position) for name, position in source.positions().items()}


def _without_values(report: CheckReport) -> CheckReport:
    """The report without values of rows: they may be personal, and the catalog keeps what it has."""
    return msgspec.structs.replace(
        report,
        violations=[
            msgspec.structs.replace(one, examples=[msgspec.structs.replace(row, value="") for row in one.examples])
            for one in report.violations
        ],
    )
