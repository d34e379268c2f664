"""Cancelling a job."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import msgspec

from dragoman.clock import seconds, written
from dragoman.errors import Conflict
from dragoman.records import By, Job
from dragoman.store.base import Catalog

__all__ = ["cancel_job"]

ATTEMPTS = 5


def cancel_job(catalog: Catalog, id: str, *, by: By | None = None, clock: Callable[[], float] = seconds) -> Job:
    """Cancel a job that is not over, and return it; one that is over is returned as it is.

    A worker notices at the end of the stage that it is at, and keeps nothing of that. Raises `NotFound`, and `Conflict`
    for a job that changes all the time.
    """
    for _ in range(ATTEMPTS - 1):
        with suppress(Conflict):
            return _cancelled(catalog, catalog.job(id), by, clock())
    return _cancelled(catalog, catalog.job(id), by, clock())


def _cancelled(catalog: Catalog, job: Job, by: By | None, now: float) -> Job:
    if job.is_over:
        return job
    return catalog.save_job(msgspec.structs.replace(job, status="cancelled", finished=written(now)), by=by)
