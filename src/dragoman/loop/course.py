"""One worker's way through a job, from where it stands to where it ends or waits."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from dragoman.clock import written
from dragoman.errors import Conflict, DragomanError, StorageFull, Unavailable
from dragoman.loop.lease import Lease
from dragoman.loop.spending import Meter, measured, total_of
from dragoman.loop.stages import Ended, NotYet, Stage, stages_after
from dragoman.records import By, Job
from dragoman.store.base import Catalog
from dragoman.store.changes import as_stored

__all__ = ["MOST_ATTEMPTS", "Course", "pause_after"]

logger = logging.getLogger(__name__)

MOST_ATTEMPTS = 8  # at one stage
FIRST_PAUSE, PAUSE_GROWTH, LONGEST_PAUSE = 30.0, 4.0, 7_200.0  # seconds
KILLS_WITHOUT_PAUSE = 3  # machines are restarted; what kills its process again and again must not do so all the time
SAVE_PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)  # seconds: a catalog may be away for a moment, and an hour's work is at stake
LONGEST_ERROR = 2_000  # characters
BY = By(actor="loop")


def pause_after(attempts: int) -> float:
    """Seconds until the next attempt: 30 s, 2 min, 8 min, 32 min, then 2 hours."""
    return min(LONGEST_PAUSE, FIRST_PAUSE * PAUSE_GROWTH ** (attempts - 1))


class Course:
    """Runs the stages that are left, one after the other, and saves the job after each.

    Every save is a compare-and-swap: whoever has lost the lease while it stood still cannot write over the work of
    those that went on.
    """

    def __init__(
        self,
        catalog: Catalog,
        job: Job,
        stages: Sequence[Stage],
        *,
        lease: Lease,
        holder: str,
        clock: Callable[[], float],
    ) -> None:
        self.catalog, self.job, self.stages = catalog, job, stages
        self.lease, self.holder, self.clock = lease, holder, clock

    def run(self) -> Job:
        """The job as it is stored in the end. Raises what the catalog raises, `SystemExit` and `KeyboardInterrupt`."""
        try:
            self._begin()
            while self.job.status == "running" and self.lease.renew():
                self._step()
        except Conflict:
            self.job = self.catalog.job(self.job.id)
            logger.info("The job '%s' is now %s: somebody else changed it.", self.job.id, self.job.status)
        return self.job

    def _begin(self) -> None:
        """Count an attempt, before anything is done: so that one which ends its process is counted too."""
        attempts, was_killed = self.job.attempts, self.job.status == "running"
        if was_killed and attempts >= KILLS_WITHOUT_PAUSE:
            self._save(self._failed(self._killed(), pause=pause_after(attempts - KILLS_WITHOUT_PAUSE + 1)))
            return
        changes = {"status": "running", "attempts": attempts + 1, "holder": self.holder}
        error = self._killed() if was_killed else self.job.error
        self._save({**changes, "started": self.job.started or self._time(), "error": error})

    def _step(self) -> None:
        with measured() as meter:
            try:
                changes = self._attempt()
            except (KeyboardInterrupt, SystemExit):
                self._put_back(meter)
                raise
        self._save(changes, meter)

    def _attempt(self) -> dict[str, Any]:
        """What the next stage changes of the job."""
        try:
            return self._run_next(stages_after(self.stages, self.job.stage))
        except NotYet as wait:
            due = self._time(after=wait.seconds)
            return {"status": "waiting", "due": due, "attempts": self.job.attempts - 1, "error": _told(wait.text)}
        except DragomanError as error:
            return self._failed(_told(str(error)), pause=pause_after(self.job.attempts))
        except Exception as error:
            logger.exception("The job '%s' failed after the stage '%s'.", self.job.id, self.job.stage)
            return self._failed(f"{type(error).__name__}: the log says more.", pause=pause_after(self.job.attempts))

    def _run_next(self, left: Sequence[Stage]) -> dict[str, Any]:
        if not left:
            return self._passed(self.job.stage, {}, is_over=True)
        try:
            return self._passed(left[0].name, left[0].run(as_stored(self.job)), is_over=len(left) == 1)
        except Ended as ended:
            return self._passed(left[0].name, ended.output, is_over=True)

    def _passed(self, stage: str, given: Mapping[str, Any], *, is_over: bool) -> dict[str, Any]:
        """The next stage's attempt begins with this, where there is one."""
        output = as_stored(msgspec.structs.replace(self.job, output={**self.job.output, **given})).output
        over = {"status": "done", "finished": self._time(), "attempts": 0} if is_over else {"attempts": 1}
        return {"stage": stage, "output": output, "error": "", **over}

    def _failed(self, error: str, *, pause: float) -> dict[str, Any]:
        if self.job.attempts >= MOST_ATTEMPTS:
            return {"status": "failed", "finished": self._time(), "error": error}
        return {"status": "waiting", "due": self._time(after=pause), "error": error}

    def _killed(self) -> str:
        after = f"after the stage '{self.job.stage}'" if self.job.stage else "at its first stage"
        return f"The process '{self.job.holder}' ended without a word {after}, at attempt {self.job.attempts}."

    def _put_back(self, meter: Meter) -> None:
        """Somebody ends this process on purpose: another one may go on at once."""
        try:
            self._save({"status": "waiting", "due": self._time(), "attempts": self.job.attempts - 1}, meter)
        except DragomanError as error:
            logger.warning("The job '%s' was not put back: %s", self.job.id, error)
        self.lease.release()

    def _save(self, changes: Mapping[str, Any], meter: Meter | None = None) -> None:
        spent = total_of([self.job.spent, meter.spent]) if meter else self.job.spent
        self.job = _saved(self.catalog, msgspec.structs.replace(self.job, **changes, spent=spent))

    def _time(self, *, after: float = 0.0) -> str:
        return written(self.clock() + after)


def _saved(catalog: Catalog, job: Job) -> Job:
    """Save the job, patiently. Raises `Conflict` where somebody else has changed it."""
    for pause in SAVE_PAUSES:
        try:
            return _saved_or_found(catalog, job)
        except (StorageFull, Unavailable) as error:
            logger.warning("The job '%s' is not saved yet: %s", job.id, error)
        time.sleep(pause)
    return _saved_or_found(catalog, job)


def _saved_or_found(catalog: Catalog, job: Job) -> Job:
    """An earlier save may have been done, and only its answer lost."""
    try:
        return catalog.save_job(job, by=BY)
    except Conflict:
        found = catalog.job(job.id)
        if found != msgspec.structs.replace(job, revision=job.revision + 1):
            raise
        return found


def _told(text: str) -> str:
    """As the catalog can keep it."""
    return text.encode(errors="replace").decode()[:LONGEST_ERROR]
