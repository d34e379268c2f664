"""Signatures of bundles, in the format of OpenSSF model signing v1.0: `model_signing verify key` accepts them.

A signature covers every file of a bundle, its manifest included, and lies beside them as `model.sig`. It is no part of
the manifest: signing a bundle does not change its digest.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from dragoman.errors import Untrusted
from dragoman.records import BundleFile, Manifest, Signature
from dragoman.registry.envelope import open_envelope, seal
from dragoman.registry.keys import fingerprint_of, read_private_key
from dragoman.registry.manifest import (
    SIGNATURE_FILE,
    digest_of,
    manifest_file,
    read_manifest_file,
    show_differences,
    verify_folder,
)
from dragoman.registry.statement import files_statement, read_files
from dragoman.registry.trust import Trust, TrustedKey

__all__ = ["Signed", "Signer", "sign_bundle", "verify_bundle", "verify_signed_folder"]


class Signer:
    """Signs statements with the private key in a file. The file is read each time: a replaced key counts at once."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def fingerprint(self) -> str:
        """Names the key. Raises `NotFound` without one, and `InvalidInput` for a file that is none."""
        return fingerprint_of(read_private_key(self.path).public_key())

    def sign(self, payload: bytes) -> str:
        """The statement in a signed envelope. Raises as `fingerprint` does."""
        return seal(payload, read_private_key(self.path))


class Signed(NamedTuple):
    """A folder that is what a trusted key has signed."""

    manifest: Manifest
    key: TrustedKey


def sign_bundle(signer: Signer, manifest: Manifest, *, created: str) -> Signature:
    """Sign a bundle that was compared with its manifest."""
    payload = files_statement(manifest.model, _covered(manifest, manifest_file(manifest)), ignored=[SIGNATURE_FILE])
    return Signature(
        bundle=digest_of(manifest),
        kind="bundle",
        key=signer.fingerprint,
        created=created,
        content=signer.sign(payload),
    )


def verify_bundle(
    content: str, manifest: Manifest, trust: Trust, *, of: str, own: BundleFile | None = None
) -> TrustedKey:
    """The trusted key that signed exactly this bundle, whose files were compared with its manifest.

    `own` describes the manifest's file where it may be written in another way than `encode_manifest` does. Raises
    `Untrusted`, with the difference if something else was signed.
    """
    opened = open_envelope(content, trust, of=of)
    signed = read_files(opened.payload, of=of)
    found = _covered(manifest, own or manifest_file(manifest))
    if differences := show_differences(signed, found):
        raise Untrusted(
            f"{of} is not what {opened.key} has signed: {'; '.join(differences)}.",
            help="Fetch the bundle again from where it was signed, or have it signed as it is.",
        )
    return opened.key


def verify_signed_folder(folder: Path, trust: Trust) -> Signed:
    """Compare a bundle's folder with its manifest and with the signature in it; every file is read once.

    Raises `Untrusted` if a file was changed, is missing or was added, and without a trusted signature.
    """
    manifest, of = verify_folder(folder), f"The bundle in {folder}"
    try:
        content = (folder / SIGNATURE_FILE).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise Untrusted(
            f"{of} is not signed: it has no {SIGNATURE_FILE}.",
            help=f"Fetch the {SIGNATURE_FILE} that belongs to it. Without trusted keys only the manifest counts.",
        ) from None
    except UnicodeDecodeError:
        content = ""
    return Signed(manifest, verify_bundle(content, manifest, trust, of=of, own=read_manifest_file(folder)))


def _covered(manifest: Manifest, own: BundleFile) -> list[BundleFile]:
    return [*manifest.files, own]
