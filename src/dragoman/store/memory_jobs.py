"""Jobs, decisions to retrain and snapshots of quality in memory."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from dragoman.records import By, Job, JobKind, JobStatus, LiveQuality, RetrainDecision, RetrainVerdict
from dragoman.store.changes import (
    as_stored,
    job_action,
    job_facts,
    job_subject,
    retraining_action,
    retraining_facts,
    retraining_subject,
)
from dragoman.store.memory_audit import MemoryAudit
from dragoman.store.refusals import job_changed, job_not_found, retraining_changed, retraining_not_found

__all__ = ["MemoryJobs"]


class MemoryJobs(MemoryAudit):
    """Records in dictionaries."""

    def __init__(self) -> None:
        super().__init__()
        self._jobs: dict[str, Job] = {}
        self._retrainings: dict[str, RetrainDecision] = {}
        self._qualities: dict[tuple[str, str, str], LiveQuality] = {}

    def add_job(self, job: Job, *, by: By | None = None) -> Job:
        with self._lock:
            if job.id not in self._jobs:
                self._keep_job(msgspec.structs.replace(job, revision=1), by=by)
            return self.job(job.id)

    def job(self, id: str) -> Job:
        with self._lock:
            if id not in self._jobs:
                raise job_not_found(id)
            return as_stored(self._jobs[id])

    def jobs(
        self,
        *,
        model: str | None = None,
        kinds: Collection[JobKind] = (),
        statuses: Collection[JobStatus] = (),
        since: str = "",
    ) -> list[Job]:
        with self._lock:
            chosen = [
                as_stored(job)
                for job in self._jobs.values()
                if model in (None, job.model)
                and (not kinds or job.kind in kinds)
                and (not statuses or job.status in statuses)
                and job.created >= since
            ]
        return sorted(chosen, key=lambda job: (job.created, job.id))

    def save_job(self, job: Job, *, by: By | None = None) -> Job:
        with self._lock:
            found = self.job(job.id).revision
            if found != job.revision:
                raise job_changed(job.id, found=found, expected=job.revision)
            self._keep_job(msgspec.structs.replace(job, revision=job.revision + 1), by=by)
            return self.job(job.id)

    def _keep_job(self, job: Job, *, by: By | None) -> None:
        kept = as_stored(job)
        if action := job_action(self._jobs.get(job.id), kept):
            self.audit(action, job_subject(job.id), detail=job_facts(kept), by=by)
        self._jobs[job.id] = kept

    def forget_jobs(self, before: str, *, kinds: Collection[JobKind]) -> int:
        with self._lock:
            old = [
                job.id
                for job in self._jobs.values()
                if job.is_over and job.created < before and job.finished < before and job.kind in kinds
            ]
            for id in old:
                del self._jobs[id]
        return len(old)

    # Decisions

    def save_decision(self, decision: RetrainDecision, *, by: By | None = None) -> RetrainDecision:
        saved = as_stored(msgspec.structs.replace(decision, revision=decision.revision + 1))
        with self._lock:
            known = self._retrainings.get(decision.id)
            if known is None and decision.revision:
                raise retraining_not_found(decision.id)
            if known is not None and known.revision != decision.revision:
                raise retraining_changed(decision.id, found=known.revision, expected=decision.revision)
            subject = retraining_subject(saved.id)
            self.audit(retraining_action(known, saved), subject, detail=retraining_facts(saved), by=by)
            self._retrainings[saved.id] = saved
        return as_stored(saved)

    def decision(self, id: str) -> RetrainDecision:
        with self._lock:
            if id not in self._retrainings:
                raise retraining_not_found(id)
            return as_stored(self._retrainings[id])

    def decisions(
        self, *, model: str | None = None, since: str = "", verdicts: Collection[RetrainVerdict] = ()
    ) -> list[RetrainDecision]:
        with self._lock:
            chosen = [
                as_stored(one)
                for one in self._retrainings.values()
                if model in (None, one.model) and one.time >= since and (not verdicts or one.verdict in verdicts)
            ]
        return sorted(chosen, key=lambda one: (one.time, one.id), reverse=True)

    # Quality

    def save_quality(self, quality: LiveQuality) -> None:
        with self._lock:
            self._qualities[quality.model, quality.version, quality.until] = as_stored(quality)

    def qualities(self, model: str, *, version: str = "", since: str = "") -> list[LiveQuality]:
        with self._lock:
            chosen = [
                as_stored(one)
                for one in self._qualities.values()
                if one.model == model and version in ("", one.version) and one.until >= since
            ]
        return sorted(chosen, key=lambda one: (one.until, one.version))

    def forget_qualities(self, before: str) -> int:
        with self._lock:
            newest = {key[:2]: key for key in sorted(self._qualities)}
            old = [key for key in self._qualities if key[2] < before and key != newest[key[:2]]]
            for key in old:
                del self._qualities[key]
        return len(old)
