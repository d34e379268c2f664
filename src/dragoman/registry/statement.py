"""What is signed: an in-toto statement about files, or about a decision.

Formats: in-toto statement v1; the predicate of OpenSSF model signing v1.0, which lists every file with its SHA-256, and
whose subject is the SHA-256 of those digests, one after the other in the order of the list.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, NamedTuple

import msgspec

from dragoman.errors import Untrusted
from dragoman.records import BundleFile

__all__ = ["FILES_TYPE", "Claim", "files_statement", "read_claim", "read_files", "statement"]

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
FILES_TYPE = "https://model_signing/signature/v1.0"
SIGN_AGAIN = "Sign the files again: `model_signing sign key`, or `dragoman models sign`."


class Subject(msgspec.Struct, frozen=True):
    """What a statement is about."""

    name: str
    digest: dict[str, str]


class Statement(msgspec.Struct, frozen=True):
    """An in-toto statement; its predicate is read by those who know its type."""

    kind: str = msgspec.field(name="_type")
    subject: list[Subject]
    predicate_type: str = msgspec.field(name="predicateType")
    predicate: msgspec.Raw


class Resource(msgspec.Struct, frozen=True):
    """One file."""

    name: str
    algorithm: str
    digest: str


class Serialization(msgspec.Struct, frozen=True):
    """How files became resources."""

    method: str
    hash_type: str
    allow_symlinks: bool = False
    ignore_paths: list[str] = []


class SignedFiles(msgspec.Struct, frozen=True):
    """The predicate of model signing."""

    serialization: Serialization
    resources: list[Resource]


class Claim(NamedTuple):
    """What a statement says of which digest."""

    digest: str
    predicate: bytes  # JSON


def statement(name: str, digest: str, kind: str, predicate: Any) -> bytes:
    """A statement about one thing, as the JSON that is signed."""
    return msgspec.json.encode(
        Statement(
            STATEMENT_TYPE, [Subject(name, {"sha256": digest})], kind, msgspec.Raw(msgspec.json.encode(predicate))
        )
    )


def read_claim(payload: bytes, kind: str, *, of: str) -> Claim:
    """What a signed statement of this kind claims. Raises `Untrusted` for another kind, or none."""
    try:
        found = msgspec.json.decode(payload, type=Statement)
        (digest,) = (subject.digest["sha256"] for subject in found.subject)
    except (msgspec.DecodeError, UnicodeError, KeyError, ValueError):
        raise Untrusted(f"What was signed of {of} is not a statement about one digest.", help=SIGN_AGAIN) from None
    if (found.kind, found.predicate_type) != (STATEMENT_TYPE, kind):
        raise Untrusted(
            f"What was signed of {of} is a {found.predicate_type} in a {found.kind}, not a {kind}.", help=SIGN_AGAIN
        )
    return Claim(digest, bytes(found.predicate))


def files_statement(name: str, files: Sequence[BundleFile], *, ignored: Sequence[str]) -> bytes:
    """The statement about a folder's files; `ignored` names those that it says nothing of, such as the signature."""
    ordered = sorted(files, key=lambda file: PurePosixPath(file.path))
    resources = [Resource(file.path, "sha256", file.digest) for file in ordered]
    predicate = SignedFiles(Serialization("files", "sha256", ignore_paths=list(ignored)), resources)
    return statement(name, _root(resources), FILES_TYPE, predicate)


def read_files(payload: bytes, *, of: str) -> Mapping[str, str]:
    """Path → SHA-256 of every file that a statement covers. Raises `Untrusted` for one that is not sound."""
    claim = read_claim(payload, FILES_TYPE, of=of)
    try:
        signed = msgspec.json.decode(claim.predicate, type=SignedFiles)
        root = _root(signed.resources)
    except (msgspec.DecodeError, ValueError):
        raise Untrusted(f"What was signed of {of} does not list files.", help=SIGN_AGAIN) from None
    how = (signed.serialization.method, signed.serialization.hash_type)
    kinds = {how} | {("files", resource.algorithm) for resource in signed.resources}
    if kinds != {("files", "sha256")}:
        raise Untrusted(f"{of} was signed by other digests than SHA-256 of whole files: {how}.", help=SIGN_AGAIN)
    files = {resource.name: resource.digest for resource in signed.resources}
    if root != claim.digest or len(files) != len(signed.resources):
        raise Untrusted(f"What was signed of {of} contradicts itself.", help=SIGN_AGAIN)
    return files


def _root(resources: Sequence[Resource]) -> str:
    return hashlib.sha256(b"".join(bytes.fromhex(resource.digest) for resource in resources)).hexdigest()
