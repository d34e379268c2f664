"""Periodic jobs come into the catalog when they are due, and leave it when they are old."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from dragoman.app.loop_place import LoopPlace
from dragoman.clock import written
from dragoman.errors import Conflict
from dragoman.loop.schedule import PERIODIC, Subject, forgotten_before, overtaken_jobs, wanted_jobs
from dragoman.records import Job

__all__ = ["Plan"]

LOOK_SECONDS = 5.0  # between two looks at specs and aliases, by the machine's clock
QUALITY_SECONDS = 90 * 86_400.0  # that what was measured of a version is kept; its newest for ever


class Plan:
    """Adds what the schedule wants. It asks the catalog only when a slot begins, or when models come and go."""

    def __init__(self, place: LoopPlace, *, now: Callable[[], float]) -> None:
        self.place, self.now = place, now
        self._added: set[str] = set()
        self._subjects: list[Subject] = []
        self._has_views = False
        self._looked = float("-inf")

    def tick(self) -> None:
        """Add the jobs of this moment that are not there. Raises what the catalog raises."""
        self._look()
        wanted = wanted_jobs(self.now(), self._subjects, self.place.periods, has_views=self._has_views)
        new = [job for job in wanted if job.id not in self._added]
        for job in new:
            self.place.catalog.add_job(job)
        if new:
            self._tidy(wanted)
        self._added = {job.id for job in wanted}

    def _look(self) -> None:
        if time.monotonic() - self._looked >= LOOK_SECONDS:
            self._subjects, self._has_views = self.place.subjects(), self.place.has_views
            self._looked = time.monotonic()

    def _tidy(self, wanted: Sequence[Job]) -> None:
        catalog = self.place.catalog
        for job in overtaken_jobs(wanted, catalog.jobs(kinds=PERIODIC, statuses=["waiting"])):
            with suppress(Conflict):  # somebody works on it after all
                catalog.save_job(job)
        catalog.forget_jobs(forgotten_before(self.now()), kinds=PERIODIC)
        catalog.forget_qualities(written(self.now() - QUALITY_SECONDS))
