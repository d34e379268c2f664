"""Jobs of the loop in the catalog's database."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, select, update

from dragoman.records import By, Job, JobKind, JobStatus
from dragoman.store.changes import job_action, job_facts, job_lease, job_subject
from dragoman.store.refusals import job_changed, job_not_found
from dragoman.store.sql_chain import Change
from dragoman.store.sql_database import SqlDatabase, encode, insert_new, records
from dragoman.store.sql_tables import JOBS, LEASES

__all__ = ["SqlJobs"]

OVER = ("done", "failed", "cancelled")


class SqlJobs(SqlDatabase):
    """Jobs."""

    def add_job(self, job: Job, *, by: By | None = None) -> Job:
        new = msgspec.structs.replace(job, revision=1)
        row = _row(new)
        with self._changing(by) as change:
            if is_new := insert_new(change.connection, JOBS, row):
                _tell(change, None, new)
        return new if is_new else self.job(job.id)

    def job(self, id: str) -> Job:
        for job in records(self._rows(select(JOBS.c.record).where(JOBS.c.id == id)), Job):
            return job
        raise job_not_found(id)

    def jobs(
        self,
        *,
        model: str | None = None,
        kinds: Collection[JobKind] = (),
        statuses: Collection[JobStatus] = (),
        since: str = "",
    ) -> list[Job]:
        chosen: list[Any] = [JOBS.c.model == model] if model is not None else []
        chosen += [JOBS.c.kind.in_(kinds)] if kinds else []
        chosen += [JOBS.c.status.in_(statuses)] if statuses else []
        chosen += [JOBS.c.created >= since] if since else []
        found = records(self._rows(select(JOBS.c.record).where(*chosen)), Job)
        return sorted(found, key=lambda job: (job.created, job.id))

    def save_job(self, job: Job, *, by: By | None = None) -> Job:
        saved = msgspec.structs.replace(job, revision=job.revision + 1)
        row = _row(saved)
        with self._changing(by) as change:
            known = _locked(change.connection, job)
            change.connection.execute(update(JOBS).where(JOBS.c.id == job.id).values(row))
            _tell(change, known, saved)
        return saved

    def forget_jobs(self, before: str, *, kinds: Collection[JobKind]) -> int:
        old = (JOBS.c.created < before, JOBS.c.finished < before, JOBS.c.status.in_(OVER), JOBS.c.kind.in_(kinds))
        with self._writing() as connection:
            ids = connection.execute(delete(JOBS).where(*old).returning(JOBS.c.id)).scalars().all()
            for id in ids:
                connection.execute(delete(LEASES).where(LEASES.c.name == job_lease(id)))
        return len(ids)


def _locked(connection: Connection, job: Job) -> Job:
    """The stored job, with its row locked. Raises `Conflict` unless it has the revision of `job`."""
    found = select(JOBS.c.record).where(JOBS.c.id == job.id).with_for_update()
    for known in records(connection.execute(found), Job):
        if known.revision == job.revision:
            return known
        raise job_changed(job.id, found=known.revision, expected=job.revision)
    raise job_not_found(job.id)


def _tell(change: Change, known: Job | None, job: Job) -> None:
    if action := job_action(known, job):
        change.record(action, job_subject(job.id), job_facts(job))


def _row(job: Job) -> dict[str, Any]:
    plain = {name: getattr(job, name) for name in ("id", "model", "kind", "status", "created", "finished", "revision")}
    return plain | {"record": encode(job)}
