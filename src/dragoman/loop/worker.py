"""Who works on jobs: takes one that is due and carries it as far as it goes."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Mapping, Sequence

from dragoman.clock import seconds, written
from dragoman.loop.course import Course
from dragoman.loop.lease import Lease
from dragoman.loop.stages import Stage
from dragoman.records import Job, JobKind, JobStatus
from dragoman.store.base import Catalog
from dragoman.store.changes import job_lease

__all__ = ["Worker"]

LEASE_SECONDS = 10.0
UNFINISHED: tuple[JobStatus, ...] = ("waiting", "running")


class Worker:
    """Works on the kinds of jobs that it has handlers for, one at a time; of several workers one has a job.

    `handlers` has the stages of each kind. A kind without stages is known to `next` and is not run here. `holder` names
    the process, for people. `clock` says what is due; leases count in real time. Safe to share between threads.
    """

    def __init__(
        self,
        catalog: Catalog,
        handlers: Mapping[JobKind, Sequence[Stage]],
        *,
        holder: str,
        lease_seconds: float = LEASE_SECONDS,
        clock: Callable[[], float] = seconds,
    ) -> None:
        self.catalog, self.handlers, self.holder = catalog, handlers, holder
        self.lease_seconds, self.clock = lease_seconds, clock

    def next(self, kinds: Collection[JobKind] = ()) -> Job | None:
        """The job that is due longest, of these kinds or of all that are handled, and that nobody works on.

        It waits, or it runs and its lease is free: its process was killed.
        """
        handled = [kind for kind in self.handlers if not kinds or kind in kinds]
        found = self.catalog.jobs(kinds=handled, statuses=UNFINISHED) if handled else []
        in_order = sorted(found, key=lambda job: (job.due, job.created, job.id))
        return next((job for job in in_order if self._is_due(job) and self._is_free(job)), None)

    def run(self, id: str) -> Job:
        """Work on a job until it is over or has to wait, and return it as it is stored.

        One that is over, not due, not handled here or in other hands is returned as it is. Errors of stages become the
        job's own. `SystemExit` and `KeyboardInterrupt` put the job back and go on; the catalog's errors go on too, and
        so does `NotFound`.
        """
        job = self.catalog.job(id)
        if not self._may_run(job):
            return job
        lease = Lease(self.catalog, job_lease(id), self._name(), seconds=self.lease_seconds)
        if not lease.take():
            return job
        with lease:
            return self._work(self.catalog.job(id), lease)  # as it is now: somebody else may just have had it

    def _work(self, job: Job, lease: Lease) -> Job:
        if not self._may_run(job):
            return job
        stages = self.handlers[job.kind]
        return Course(self.catalog, job, stages, lease=lease, holder=self.holder, clock=self.clock).run()

    def _may_run(self, job: Job) -> bool:
        return bool(self.handlers.get(job.kind)) and not job.is_over and self._is_due(job)

    def _is_due(self, job: Job) -> bool:
        return job.status == "running" or job.due <= written(self.clock())

    def _is_free(self, job: Job) -> bool:
        """One that waits is in nobody's hands for longer than a moment."""
        return job.status == "waiting" or self.catalog.lease(job_lease(job.id), self._name(), seconds=0.0)

    def _name(self) -> str:
        """Another one each time: a lease must not be shared by two threads, or by two processes of one name."""
        return f"{self.holder} {secrets.token_hex(4)}"
