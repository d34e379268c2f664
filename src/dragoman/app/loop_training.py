"""A retraining in a process of its own: started, watched, started again, ended when it is cancelled."""

from __future__ import annotations

import logging
import subprocess
import time
from collections.abc import Callable

from dragoman.app.child_process import end_process, start_command
from dragoman.app.workspace import Workspace
from dragoman.loop.worker import Worker
from dragoman.records import Job

__all__ = ["TrainingChild"]

logger = logging.getLogger(__name__)

WAIT_SECONDS = 0.1
LOOK_SECONDS = 2.0  # between two looks whether it was cancelled
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0  # before a child is started again that ended badly


class TrainingChild:
    """At most one child, which works on the oldest retrain job that is due. Call `tick` from a thread that stays."""

    def __init__(self, place: Workspace, worker: Worker) -> None:
        self.place, self.worker = place, worker
        self._child: subprocess.Popen[bytes] | None = None
        self._job = ""
        self._looked = 0.0
        self._pause, self._not_before = FIRST_PAUSE, 0.0

    @property
    def is_running(self) -> bool:
        return self._child is not None and self._child.poll() is None

    def tick(self) -> None:
        """Start one that is due, or look after the one that runs. Raises what the catalog raises."""
        if self.is_running:
            self._end_if_cancelled()
            return
        self._reap()
        if time.monotonic() >= self._not_before and (job := self.worker.next(["retrain"])) is not None:
            self._start(job)

    def finish(self, job: Job, *, wanted: Callable[[], bool]) -> Job:
        """Work on a job in a child until it ends, or is not `wanted` any more. Returns the job as it is then."""
        self._start(job)
        while self.is_running and wanted():
            self._end_if_cancelled()
            time.sleep(WAIT_SECONDS)
        if self.is_running:
            self.close()
        self._reap()
        return self.place.catalog.job(job.id)

    def close(self) -> None:
        """End the child; its job goes on where it was, later."""
        if self._child is not None:
            end_process(self._child)
            self._child = None

    def _start(self, job: Job) -> None:
        logger.info("The job '%s' begins, or goes on after '%s'.", job.id, job.stage or "nothing")
        self._child = start_command("loop", "work", job.id, workspace=self.place.root)
        self._job, self._looked = job.id, time.monotonic()

    def _reap(self) -> None:
        if self._child is None:
            return
        ended, self._child = self._child.wait(), None
        if ended == 0:
            self._pause, self._not_before = FIRST_PAUSE, 0.0
            return
        how = f"killed by signal {-ended}" if ended < 0 else f"exit code {ended}"
        logger.warning("The process of the job '%s' ended (%s).", self._job, how)
        self._not_before = time.monotonic() + self._pause
        self._pause = min(2 * self._pause, LONGEST_PAUSE)

    def _end_if_cancelled(self) -> None:
        if self._child is None or time.monotonic() - self._looked < LOOK_SECONDS:
            return
        self._looked = time.monotonic()
        if self.place.catalog.job(self._job).status == "cancelled":
            end_process(self._child)
