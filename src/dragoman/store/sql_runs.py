"""Runs in the catalog's database."""

from __future__ import annotations

from sqlalchemy import select

from dragoman.records import By, Run
from dragoman.store.changes import run_facts, run_subject
from dragoman.store.refusals import run_not_found
from dragoman.store.sql_database import SqlDatabase, encode, put, records
from dragoman.store.sql_tables import RUNS

__all__ = ["SqlRuns"]


class SqlRuns(SqlDatabase):
    """Runs of the training pipeline."""

    def save_run(self, run: Run, *, by: By | None = None) -> None:
        row = {"id": run.id, "model": run.model, "record": encode(run)}
        with self._changing(by) as change:
            same = select(RUNS.c.id).where(*(RUNS.c[name] == value for name, value in row.items()))
            if change.connection.execute(same).first() is None:
                put(change.connection, RUNS, row)
                change.record("run.saved", run_subject(run.id), run_facts(run))

    def run(self, id: str) -> Run:
        for run in records(self._rows(select(RUNS.c.record).where(RUNS.c.id == id)), Run):
            return run
        raise run_not_found(id)

    def runs(self, *, model: str | None = None) -> list[Run]:
        statement = select(RUNS.c.record) if model is None else select(RUNS.c.record).where(RUNS.c.model == model)
        return sorted(records(self._rows(statement), Run), key=lambda run: (run.started, run.id), reverse=True)
