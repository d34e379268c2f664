"""The loop: what is due is done, on one machine at a time, until it is told to stop.

while it leads:
    plan        periodic jobs of this moment are added
    work        a light job runs, in a thread
    supervise   a retraining runs, in a child process
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from dragoman import clock
from dragoman.app.loop_jobs import LIGHT, light_stages
from dragoman.app.loop_lease import LEASE, holder_name
from dragoman.app.loop_place import LoopPlace
from dragoman.app.loop_plan import Plan
from dragoman.app.loop_training import TrainingChild
from dragoman.errors import Conflict, DragomanError, Unavailable
from dragoman.loop.lease import Lease
from dragoman.loop.stages import Stage
from dragoman.loop.worker import Worker
from dragoman.records import Job

__all__ = ["Loop", "say_outcome"]

logger = logging.getLogger(__name__)

LEASE_SECONDS = 5.0  # after a kill, how long until another takes over
TICK_SECONDS = 0.5
WAIT_SECONDS = 1.5  # of one that does not lead
PAUSE_SECONDS = 5.0  # after an error that is not a job's
STOP_SECONDS = 10.0  # for the stage that runs
LONG_SECONDS = 1_800.0  # for a light job; then it is said, and the process ends when no training would end with it
STUCK = 70


class Loop:
    """Not safe to share between threads, but for `stop`."""

    def __init__(self, place: LoopPlace, *, now: Callable[[], float] = clock.seconds) -> None:
        self.place, self.holder = place, holder_name()
        self._lease = Lease(place.catalog, LEASE, self.holder, seconds=LEASE_SECONDS)
        self._plan = Plan(place, now=now)
        stages = {kind: tuple(map(self._stoppable, given)) for kind, given in light_stages(place).items()}
        self.worker = Worker(place.catalog, {**stages, "retrain": ()}, holder=self.holder, clock=now)
        self.training = TrainingChild(place, self.worker)
        self._light: threading.Thread | None = None
        self._light_since = self._light_after = 0.0
        self._stopping = threading.Event()
        self._waits = False

    @property
    def hangs(self) -> bool:
        """Whether a light job still runs."""
        return self._light is not None and self._light.is_alive()

    def run(self) -> int:
        """Work until `stop`. Returns the exit code of the process: another one than 0 asks for a new start."""
        try:
            while not self._stopping.wait(WAIT_SECONDS if self._waits else TICK_SECONDS):
                self._tick_safely()
                if self._is_stuck():
                    return STUCK
            return 0
        finally:
            self.close()

    def stop(self) -> None:
        """Let `run` end soon: the stage that runs is finished, or left to whoever comes next."""
        self._stopping.set()

    def tick(self) -> None:
        """One round. Raises what the catalog raises."""
        if not self._leads():
            return
        self._plan.tick()
        self._work()
        self.training.tick()

    def once(self) -> list[Job]:
        """Work on everything that is due now, one job after the other; returns the jobs as they are then.

        Raises `Conflict` while another process is the loop.
        """
        if not self._lease.take():
            raise Conflict("Another process runs the loop of this workspace.", help="It does what is due by itself.")
        try:
            self._plan.tick()
            return list(self._everything())
        finally:
            self.close()

    def close(self) -> None:
        """End what runs, and let another one lead."""
        self._stopping.set()
        self.training.close()
        if self._light is not None:
            self._light.join(STOP_SECONDS)
        self._lease.release()

    def _everything(self) -> Iterator[Job]:
        tried: dict[str, int] = {}
        while (job := self.worker.next()) is not None and not self._stopping.is_set():
            if tried.get(job.id) == job.revision:
                return  # whoever was to work on it could not even begin
            tried[job.id] = job.revision
            with suppress(SystemExit):  # told to stop, and the job was put back
                yield self._finish(job)

    def _finish(self, job: Job) -> Job:
        if job.kind != "retrain":
            return self.worker.run(job.id)
        return self.training.finish(job, wanted=lambda: not self._stopping.is_set())

    def _leads(self) -> bool:
        leads = self._lease.is_held or self._lease.take()
        if not leads and not self._waits:
            logger.info("Another process runs the loop; this one waits, and takes over when it ends.")
        if leads and self._waits:
            logger.info("This process runs the loop now.")
        self._waits = not leads
        return leads

    def _work(self) -> None:
        if self.hangs or time.monotonic() < self._light_after:
            return
        self._light = None
        if (job := self.worker.next(LIGHT)) is not None:
            self._light = threading.Thread(target=self._run_light, args=(job.id,), name="dragoman-job", daemon=True)
            self._light_since = time.monotonic()
            self._light.start()

    def _run_light(self, id: str) -> None:
        try:
            say_outcome(self.worker.run(id))
        except SystemExit:
            return  # the loop stops, and the job was put back
        except Exception as error:  # the catalog's: those of the job are kept with it
            logger.warning("The job '%s' could not be worked on: %s", id, told(error))
            self._light_after = time.monotonic() + PAUSE_SECONDS

    def _is_stuck(self) -> bool:
        """Whether a light job has run for so long that only a new process helps."""
        if not self.hangs:
            return False
        if time.monotonic() - self._light_since < LONG_SECONDS or self.training.is_running:
            return False
        logger.error("A job has run for more than %d minutes; the loop starts anew.", LONG_SECONDS // 60)
        return True

    def _tick_safely(self) -> None:
        try:
            self.tick()
        except Unavailable as error:
            logger.warning("The loop waits: %s", error.message)
            self._stopping.wait(PAUSE_SECONDS)
        except Exception:
            logger.exception("The loop could not look after its jobs.")
            self._stopping.wait(PAUSE_SECONDS)

    def _stoppable(self, stage: Stage) -> Stage:
        """The stage, which does not begin any more once the loop is told to stop: the job is put back."""

        def run(job: Job) -> Mapping[str, Any]:
            if self._stopping.is_set():
                raise SystemExit
            return stage.run(job)

        return Stage(stage.name, run)


def say_outcome(job: Job) -> None:
    """Tell the log how a job ended, or what it waits for."""
    if job.status == "failed":
        logger.error("The job '%s' failed: %s", job.id, job.error)
    elif job.status == "waiting" and job.attempts:
        logger.warning("The job '%s' failed at attempt %d, and is tried again: %s", job.id, job.attempts, job.error)
    elif job.status == "done":
        logger.info("The job '%s' is done.", job.id)


def told(error: Exception) -> str:
    """What may be said of an error that others have raised."""
    return error.message if isinstance(error, DragomanError) else type(error).__name__
