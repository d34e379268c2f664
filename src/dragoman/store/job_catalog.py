"""What a catalog promises of the loop: jobs, decisions to retrain, and what was measured of quality."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from dragoman.records import By, Job, JobKind, JobStatus, LiveQuality, RetrainDecision, RetrainVerdict

__all__ = ["JobCatalog"]


class JobCatalog(Protocol):
    """Jobs and decisions by id, snapshots of quality by model, version and the end of their time.

    Decisions, and jobs that retrain, are in the audit log; jobs that come again and again are not.
    """

    def add_job(self, job: Job, *, by: By | None = None) -> Job:
        """Add a job, with revision 1; or return the one that is there with its id, whatever became of it."""

    def job(self, id: str) -> Job:
        """Raises `NotFound`."""

    def jobs(
        self,
        *,
        model: str | None = None,
        kinds: Collection[JobKind] = (),
        statuses: Collection[JobStatus] = (),
        since: str = "",
    ) -> list[Job]:
        """Jobs by the time they were made and id; of a model, of these kinds and statuses, made since then."""

    def save_job(self, job: Job, *, by: By | None = None) -> Job:
        """Replace a job, and return it with its new revision.

        Raises `Conflict` if its revision is not the stored one, and `NotFound`.
        """

    def forget_jobs(self, before: str, *, kinds: Collection[JobKind]) -> int:
        """Remove the jobs of these kinds that were made and were over before then, and their leases; returns how many.

        Jobs that are not over stay, however old they are.
        """

    def save_decision(self, decision: RetrainDecision, *, by: By | None = None) -> RetrainDecision:
        """Add a decision (revision 0) or replace the one with its id, and return it with its new revision.

        Raises `Conflict` if its revision is not the stored one, or a new one's id is taken, and `NotFound`.
        """

    def decision(self, id: str) -> RetrainDecision:
        """Raises `NotFound`."""

    def decisions(
        self, *, model: str | None = None, since: str = "", verdicts: Collection[RetrainVerdict] = ()
    ) -> list[RetrainDecision]:
        """Decisions, the newest first; of a model, made since then, with one of these verdicts."""

    def save_quality(self, quality: LiveQuality) -> None:
        """Keep what was measured, or replace what is there of the same model, version and end."""

    def qualities(self, model: str, *, version: str = "", since: str = "") -> list[LiveQuality]:
        """What was measured of a model, or of one version, up to a time since then; the oldest first."""

    def forget_qualities(self, before: str) -> int:
        """Remove what was measured up to a time before then; returns how many. The newest of each version stays."""
