"""The signatures of a catalog's bundles: added, found, and laid beside the files."""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path
from typing import Literal

from dragoman.errors import StorageFull, Untrusted
from dragoman.records import By, Manifest, Release, Signature, Version
from dragoman.registry.attestation import attest_promotion
from dragoman.registry.manifest import SIGNATURE_FILE, digest_of
from dragoman.registry.signing import Signer, sign_bundle, verify_bundle
from dragoman.registry.trust import Trust, TrustedKey
from dragoman.store.base import Catalog
from dragoman.store.files import write_atomically

__all__ = ["Signatures"]


class Signatures:
    """Signatures in a catalog, believed if one of the keys of `trust` made them; `signer` makes new ones."""

    def __init__(self, catalog: Catalog, signer: Signer, trust: Trust) -> None:
        self.catalog, self.signer, self.trust = catalog, signer, trust

    def of(self, bundle: str, kind: Literal["bundle", "promotion"]) -> list[Signature]:
        """All of one kind, the oldest first, believed or not."""
        return [signature for signature in self.catalog.signatures(bundle) if signature.kind == kind]

    def add(self, manifest: Manifest, *, created: str, by: By | None = None) -> Signature:
        """Sign a bundle that was compared with its manifest, unless the same key has done so already."""
        fingerprint = self.signer.fingerprint
        for found in self.of(digest_of(manifest), "bundle"):
            if found.key == fingerprint and self._is_believed(found, manifest):
                return found
        signature = sign_bundle(self.signer, manifest, created=created)
        self.catalog.add_signature(signature, by=by)
        return signature

    def attest(self, version: Version, *, moved_from: int | None, by: By, evidence: Release | None) -> Signature:
        """Sign why a version becomes the champion."""
        attestation = attest_promotion(self.signer, version, moved_from=moved_from, by=by, evidence=evidence)
        self.catalog.add_signature(attestation, by=by)
        return attestation

    def find(self, version: Version, manifest: Manifest) -> tuple[Signature, TrustedKey]:
        """The newest signature of a version that a trusted key made. Raises `Untrusted` without one."""
        refusals = []
        for signature in reversed(self.of(version.bundle, "bundle")):
            try:
                return signature, verify_bundle(signature.content, manifest, self.trust, of=version.uri)
            except Untrusted as error:
                refusals.append(error)
        raise refusals[0] if refusals else _unsigned(version)

    def place(self, folder: Path, signature: Signature) -> None:
        """Lay a signature beside the files that it covers. Raises `Untrusted` if a strange one lies there."""
        path, wanted = folder / SIGNATURE_FILE, signature.content.encode()
        lying = _content(path)
        if lying == wanted:
            return
        if lying is not None and lying not in [one.content.encode() for one in self.of(signature.bundle, "bundle")]:
            raise Untrusted(
                f"'{SIGNATURE_FILE}' in {folder} was changed: it is none of the catalog's signatures "
                f"({len(lying)} bytes, sha256 {hashlib.sha256(lying).hexdigest()[:12]}…).",
                help="Remove the file and load the version again.",
            )
        with contextlib.suppress(OSError, StorageFull):  # a copy for other tools: the catalog has the signature
            write_atomically(path, wanted)

    def _is_believed(self, signature: Signature, manifest: Manifest) -> bool:
        try:
            verify_bundle(signature.content, manifest, self.trust, of="the bundle")
        except Untrusted:
            return False
        return True


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _unsigned(version: Version) -> Untrusted:
    return Untrusted(
        f"{version.uri} is not signed.",
        help=f"`dragoman models sign {version.model}/{version.number} --reason TEXT` compares and signs it.",
    )
