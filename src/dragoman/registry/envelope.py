"""A signed statement: a DSSE envelope in a Sigstore bundle.

Formats: Dead Simple Signing Envelope 1.0 (secure-systems-lab/dsse), Sigstore bundle v0.3 with a public key's hint. The
signature is ECDSA over P-256 with SHA-256, of the envelope's pre-authentication encoding.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from dragoman.errors import Untrusted
from dragoman.registry.keys import PrivateKey, fingerprint_of
from dragoman.registry.trust import Trust, TrustedKey

__all__ = ["MEDIA_TYPE", "PAYLOAD_TYPE", "Opened", "open_envelope", "pae", "seal"]

MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
ALGORITHM = ec.ECDSA(hashes.SHA256())
NOT_OURS = "Fetch it again from where it was made, or have the version signed again."


class _Part(msgspec.Struct, frozen=True, rename="camel"):
    """What the formats add beside these fields is passed over: only the payload says anything."""


class EnvelopeSignature(_Part, frozen=True):
    """One signature of an envelope."""

    sig: bytes
    keyid: str = ""


class Envelope(_Part, frozen=True):
    """The payload with its signatures."""

    payload: bytes
    payload_type: str
    signatures: list[EnvelopeSignature]


class KeyHint(_Part, frozen=True):
    """Which public key fits."""

    hint: str | None = None


class Material(_Part, frozen=True):
    """What a verifier needs besides the envelope."""

    public_key: KeyHint
    tlog_entries: list[Any] = []


class SigstoreBundle(_Part, frozen=True):
    """The whole file."""

    media_type: str
    verification_material: Material
    dsse_envelope: Envelope


class Opened(NamedTuple):
    """A statement, and the trusted key that signed it."""

    payload: bytes
    key: TrustedKey


def pae(payload_type: str, payload: bytes) -> bytes:
    """The bytes that are signed: type and payload, each with its length, so that none can be taken for the other."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def seal(payload: bytes, key: PrivateKey) -> str:
    """Sign a statement; returns the Sigstore bundle as JSON."""
    signature = key.sign(pae(PAYLOAD_TYPE, payload), ALGORITHM)
    bundle = SigstoreBundle(
        media_type=MEDIA_TYPE,
        verification_material=Material(public_key=KeyHint(hint=fingerprint_of(key.public_key()))),
        dsse_envelope=Envelope(
            payload=payload, payload_type=PAYLOAD_TYPE, signatures=[EnvelopeSignature(sig=signature)]
        ),
    )
    return msgspec.json.encode(bundle).decode()


def open_envelope(content: str, trust: Trust, *, of: str) -> Opened:
    """The statement in a signature, if a trusted key made it. `of` says in messages what was signed.

    Raises `Untrusted` for what is no signature, one of an unknown key, and one that does not fit its statement.
    """
    bundle = _decode(content, of)
    envelope = bundle.dsse_envelope
    signed = pae(envelope.payload_type, envelope.payload)
    for key in _candidates(bundle, trust, of):
        if _fits(envelope.signatures[0].sig, signed, key):
            return Opened(envelope.payload, key)
    raise Untrusted(f"The signature of {of} does not fit what it is said to sign.", help=NOT_OURS)


def _decode(content: str, of: str) -> SigstoreBundle:
    try:
        bundle = msgspec.json.decode(content, type=SigstoreBundle)
    except (msgspec.DecodeError, UnicodeError):
        raise Untrusted(
            f"The signature of {of} is not a Sigstore bundle with a key's signature.", help=NOT_OURS
        ) from None
    found = (bundle.media_type, bundle.dsse_envelope.payload_type, len(bundle.dsse_envelope.signatures))
    for name, one, wanted in zip(
        ("media type", "payload type", "number of signatures"), found, (MEDIA_TYPE, PAYLOAD_TYPE, 1), strict=True
    ):
        if one != wanted:
            raise Untrusted(f"The signature of {of} has the {name} {one!r}; only {wanted!r} is read.", help=NOT_OURS)
    return bundle


def _candidates(bundle: SigstoreBundle, trust: Trust, of: str) -> list[TrustedKey]:
    """The key that the hint names; without a hint, all. A hint proves nothing: the signature must fit."""
    hint, keys = bundle.verification_material.public_key.hint, trust.keys
    found = [key for key in keys if not hint or key.fingerprint == hint]
    if not found:
        raise Untrusted(
            f"{of} is signed by a key that is not trusted: {hint or 'it does not say which'}.",
            help=f"{trust}. `dragoman keys trust FILE` adds the public key of someone you know.",
        )
    return found


def _fits(signature: bytes, signed: bytes, key: TrustedKey) -> bool:
    try:
        key.key.verify(signature, signed, ALGORITHM)
    except InvalidSignature:
        return False
    return True
