"""What the audit log says of each kind of change: its subject, and the facts that can be compared with the catalog.

The facts of an added thing are the same whether they come from the log or from the catalog's tables.
"""

from __future__ import annotations

import hashlib
from typing import Any, TypeVar

import msgspec

from dragoman.errors import InvalidInput
from dragoman.records import (
    ApiKey,
    AppliedView,
    DatasetVersion,
    Job,
    Record,
    Release,
    RetrainDecision,
    ReviewDraw,
    Run,
    Signature,
    Silence,
    Version,
)
from dragoman.store.audit import canonical_json
from dragoman.store.refusals import unstorable

__all__ = [
    "alias_subject",
    "as_stored",
    "bundle_subject",
    "dataset_facts",
    "dataset_subject",
    "job_action",
    "job_facts",
    "job_lease",
    "job_subject",
    "key_facts",
    "key_subject",
    "release_detail",
    "release_facts",
    "release_subject",
    "retraining_action",
    "retraining_facts",
    "retraining_subject",
    "review_facts",
    "review_subject",
    "run_facts",
    "run_subject",
    "signature_digest",
    "signature_facts",
    "silence_facts",
    "silence_subject",
    "version_facts",
    "version_subject",
    "view_action",
    "view_facts",
    "view_subject",
]

Kind = TypeVar("Kind", bound=Record)

LONGEST_NOTE = 500  # characters

# Subjects -----------------------------------------------------------------------------------------------------------


def dataset_subject(name: str, number: int) -> str:
    return f"datasets:/{name}/{number}"


def run_subject(id: str) -> str:
    return f"runs:/{id}"


def version_subject(model: str, number: int) -> str:
    return f"models:/{model}/{number}"


def alias_subject(model: str, alias: str) -> str:
    return f"models:/{model}@{alias}"


def bundle_subject(bundle: str) -> str:
    return f"bundles:/{bundle}"


def release_subject(id: str) -> str:
    return f"releases:/{id}"


def key_subject(id: str) -> str:
    return f"keys:/{id}"


def silence_subject(id: str) -> str:
    return f"silences:/{id}"


def review_subject(model: str) -> str:
    return f"review:/{model}"


def job_subject(id: str) -> str:
    return f"jobs:/{id}"


def retraining_subject(id: str) -> str:
    return f"retrainings:/{id}"


def view_subject(name: str) -> str:
    return f"views:/{name}"


# Facts --------------------------------------------------------------------------------------------------------------


def dataset_facts(record: DatasetVersion) -> dict[str, Any]:
    return {"digest": record.digest, "rows": record.rows, "record": _fingerprint(record)}


def run_facts(run: Run) -> dict[str, Any]:
    return {"model": run.model, "status": run.status, "record": _fingerprint(run)}


def version_facts(version: Version) -> dict[str, Any]:
    return {"bundle": version.bundle, "run": version.run, "owner": version.owner, "created": version.created}


def signature_facts(signature: Signature) -> dict[str, Any]:
    return {"kind": signature.kind, "key": signature.key, "signature": signature_digest(signature)}


def release_facts(release: Release) -> dict[str, Any]:
    return {
        "model": release.model,
        "champion": release.champion,
        "challenger": release.challenger,
        "status": release.status,
        "step": release.step,
        "share": release.share,
        "approved": release.approved,
        "accepted": release.accepted,
    }


def release_detail(release: Release) -> dict[str, Any]:
    """The facts, and what the release says last of itself."""
    note = release.notes[-1].text[:LONGEST_NOTE] if release.notes else ""
    return {**release_facts(release), **({"note": note} if note else {})}


def key_facts(key: ApiKey) -> dict[str, Any]:
    """Never the key's digest itself; the fingerprint of the record still tells when it was replaced."""
    return {
        "name": key.name,
        "role": key.role,
        "models": key.models,
        "expires": key.expires,
        "revoked": key.revoked,
        "record": _fingerprint(key),
    }


def silence_facts(silence: Silence) -> dict[str, Any]:
    return {
        "model": silence.model,
        "version": silence.version,
        "language": silence.language,
        "starts": silence.starts,
        "ends": silence.ends,
        "cause": silence.cause,
        "record": _fingerprint(silence),
    }


def review_facts(draw: ReviewDraw) -> dict[str, Any]:
    audits = sum(draw.audits.values())
    return {"day": draw.day, "since": draw.since, "until": draw.until, "tasks": draw.tasks, "audits": audits}


def view_facts(view: AppliedView) -> dict[str, Any]:
    return {"digest": view.digest, "retired": view.retired, "record": _fingerprint(view)}


def view_action(view: AppliedView) -> str:
    return "view.retired" if view.retired else "view.applied"


def job_facts(job: Job) -> dict[str, Any]:
    told = {"kind": job.kind, "model": job.model, "status": job.status}
    return {**told, **({"error": job.error[:LONGEST_NOTE]} if job.error and job.is_over else {})}


def job_action(known: Job | None, job: Job) -> str:
    """Empty for what is not told: a step of a job, and whatever comes again and again."""
    if job.kind != "retrain" or (known is not None and known.status == job.status):
        return ""
    return "job.added" if known is None else f"job.{job.status}" if job.is_over else ""


def job_lease(id: str) -> str:
    """The lease of whoever works on a job."""
    return f"job {id}"


def retraining_facts(decision: RetrainDecision) -> dict[str, Any]:
    return {
        "model": decision.model,
        "champion": decision.champion,
        "verdict": decision.verdict,
        "triggers": sorted({one.kind for one in decision.triggers}),
        "blocks": sorted({one.kind for one in decision.blocks}),
        "job": decision.job,
        "approved_by": decision.approved_by,
        "record": _fingerprint(decision),
    }


def retraining_action(known: RetrainDecision | None, decision: RetrainDecision) -> str:
    if known is None:
        return "retraining.decided"
    if decision.approved_by != known.approved_by:
        return "retraining.approved"
    return "retraining.begun" if decision.job != known.job else "retraining.changed"


def as_stored(record: Kind) -> Kind:
    """The record as it comes back from a database. Raises `InvalidInput` for what JSON cannot hold, such as NaN."""
    try:
        return msgspec.json.decode(msgspec.json.encode(record), type=type(record))
    except UnicodeEncodeError:
        raise unstorable() from None
    except msgspec.ValidationError as error:
        raise InvalidInput(
            f"A {type(record).__name__} cannot be stored in the catalog: {error}.", help="Use finite numbers."
        ) from None


def signature_digest(signature: Signature) -> str:
    """What tells one statement from another."""
    return hashlib.sha256(signature.content.encode(errors="surrogatepass")).hexdigest()


def _fingerprint(record: Record) -> str:
    """Digest of a record's fields, without those that have their default: a later release may add some."""
    kept = as_stored(record)
    fields = {field.name: getattr(kept, field.name) for field in msgspec.structs.fields(kept)}
    changed = {name: value for name, value in fields.items() if value != _default_of(type(record), name)}
    return hashlib.sha256(canonical_json(msgspec.to_builtins(changed))).hexdigest()


def _default_of(kind: type[Record], name: str) -> Any:
    field = next(field for field in msgspec.structs.fields(kind) if field.name == name)
    return field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()
