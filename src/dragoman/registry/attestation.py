"""The signed reason of a promotion: who made which version the champion, why, and on which evidence."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from dragoman.errors import Untrusted
from dragoman.records import By, Record, Release, Signature, Version
from dragoman.registry.envelope import open_envelope
from dragoman.registry.signing import Signer
from dragoman.registry.statement import read_claim, statement
from dragoman.registry.trust import Trust, TrustedKey
from dragoman.registry.uri import CHAMPION
from dragoman.store.audit import canonical_json, now

__all__ = ["PROMOTION_TYPE", "Promotion", "attest_promotion", "release_evidence", "verify_promotion"]

PROMOTION_TYPE = "urn:dragoman:promotion:v1"


class Promotion(Record, frozen=True, kw_only=True):
    """The predicate of the statement."""

    model: str
    alias: str
    version: int
    from_version: int | None  # what the alias pointed at; None: nothing
    actor: str
    reason: str
    evidence: dict[str, Any]  # what it rests on; empty if on the reason alone
    time: str


def attest_promotion(
    signer: Signer, version: Version, *, moved_from: int | None, by: By, evidence: Release | None = None
) -> Signature:
    """Sign that `by` makes a version the champion, on the evidence of a release or of what `by` refers to."""
    reference = {"reference": by.evidence} if by.evidence else {}
    promotion = Promotion(
        model=version.model,
        alias=CHAMPION,
        version=version.number,
        from_version=moved_from,
        actor=by.actor,
        reason=by.reason,
        evidence=release_evidence(evidence) if evidence else reference,
        time=now(),
    )
    return Signature(
        bundle=version.bundle,
        kind="promotion",
        key=signer.fingerprint,
        created=promotion.time,
        content=signer.sign(statement(version.uri, version.bundle, PROMOTION_TYPE, promotion)),
    )


def verify_promotion(signature: Signature, trust: Trust, *, of: str) -> tuple[Promotion, TrustedKey]:
    """What an attestation says, and the trusted key that says it. Raises `Untrusted`."""
    opened = open_envelope(signature.content, trust, of=of)
    claim = read_claim(opened.payload, PROMOTION_TYPE, of=of)
    if claim.digest != signature.bundle:
        raise Untrusted(
            f"{of} is about another bundle: {claim.digest[:16]}…, not {signature.bundle[:16]}….",
            help="The catalog was changed; `dragoman audit verify` shows where.",
        )
    try:
        return msgspec.json.decode(claim.predicate, type=Promotion), opened.key
    except (msgspec.DecodeError, UnicodeError):
        raise Untrusted(f"{of} does not say who promoted what, and why.", help="Promote the version again.") from None


def release_evidence(release: Release) -> dict[str, Any]:
    """What a promotion by a release rests on: the release, and the digest of its gates and findings.

    It is the SHA-256 of canonical JSON: `{"findings": […], "gates": […]}`, each without the fields that have their
    default, for a later release of Dragoman may add some.
    """
    found = {"gates": [_said(gate) for gate in release.gates], "findings": [_said(one) for one in release.findings]}
    return {"release": release.id, "sha256": hashlib.sha256(canonical_json(found)).hexdigest()}


def _said(record: Record) -> dict[str, Any]:
    fields = ((field, getattr(record, field.name)) for field in msgspec.structs.fields(record))
    return {field.name: msgspec.to_builtins(value) for field, value in fields if value != field.default}
