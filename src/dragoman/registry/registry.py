"""Versions of models: bundles in, folders out."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from dragoman.errors import Conflict, InvalidInput, NotFound, Untrusted
from dragoman.records import By, Manifest, Release, Signature, Version
from dragoman.registry.manifest import (
    MANIFEST_FILE,
    encode_manifest,
    parse_manifest,
    read_manifest,
    read_manifest_file,
    verify_folder,
)
from dragoman.registry.signatures import Signatures
from dragoman.registry.signing import Signer
from dragoman.registry.trust import Trust, TrustedKey
from dragoman.registry.uri import CHAMPION, parse_model_uri
from dragoman.store.audit import now
from dragoman.store.base import Blobs, Catalog
from dragoman.store.files import full_disk_as_error, make_folder
from dragoman.store.refusals import alias_elsewhere

if TYPE_CHECKING:
    from dragoman.registry.bundle import Bundle

__all__ = ["Registry", "Verified"]


class Verified(NamedTuple):
    """The folder of a version, every file of which was compared with manifest and signature."""

    folder: Path
    manifest: Manifest
    key: TrustedKey | None  # that signed it; None in a registry that asks for no signatures


class Registry:
    """Keeps bundles as blobs, their versions and signatures in the catalog, and unpacked copies in a cache folder.

    With `signer` and `trust` (both, or none) what is registered or promoted is signed, and only what a trusted key has
    signed is loaded.
    """

    def __init__(
        self, catalog: Catalog, blobs: Blobs, cache: Path, *, signer: Signer | None = None, trust: Trust | None = None
    ) -> None:
        self.catalog, self.blobs, self.cache = catalog, blobs, cache
        self.signatures = Signatures(catalog, signer, trust) if signer and trust else None

    def register(self, folder: Path, *, run: str, owner: str, created: str) -> Version:
        """Store a complete bundle, sign it, and give it the next version number of its model.

        The catalog row comes last, so a kill leaves either no version or a whole one. The same bundle again gives the
        version it already has.
        """
        manifest = verify_folder(folder)
        for file in manifest.files:
            self.blobs.put_file(folder / file.path)
        bundle = self.blobs.put_bytes(encode_manifest(manifest))
        if self.signatures:
            self.signatures.add(manifest, created=created)
        return self.catalog.add_version(model=manifest.model, bundle=bundle, run=run, owner=owner, created=created)

    def resolve(self, uri: str, *, retired: bool = False) -> Version:
        """The version that `models:/NAME/3`, `models:/NAME@ALIAS` or `NAME` (its champion) means.

        Raises `NotFound`, and `Conflict` for a retired one unless `retired` says that it is only looked at.
        """
        name, number, alias = parse_model_uri(uri)
        if number is not None:
            version = self.catalog.version(name, number)
            return version if retired or not version.retired else _refuse_retired(version)
        found = self.catalog.alias(name, alias or "")
        if found is None:
            raise NotFound(f"'{name}' has no version with the alias '{alias}'.", help=self._help_for(name))
        return self.catalog.version(name, found)

    # Loading

    def fetch(self, version: Version) -> Path:
        """The folder of a version, unpacked when needed and verified always: `verified(version).folder`."""
        return self.verified(version).folder

    def open(self, version: Version) -> Bundle:
        """The bundle of a version, verified and read. Raises `Untrusted`."""
        from dragoman.registry.bundle import open_bundle  # heavy: the ONNX library

        found = self.verified(version)
        return open_bundle(found.folder, manifest=found.manifest)

    def look(self, version: Version) -> Bundle:
        """Like `open`, to read what a version says of itself and not to load it: signatures do not count."""
        from dragoman.registry.bundle import open_bundle  # heavy: the ONNX library

        found = self.compared(version)
        return open_bundle(found.folder, manifest=found.manifest)

    def verified(self, version: Version) -> Verified:
        """The folder of a version with its manifest: who has both need not read all files again.

        Raises `Untrusted` if the folder, the stored blobs or the signature were changed, or no trusted key made it.
        """
        found = self.compared(version)
        if self.signatures is None:
            return found
        signature, key = self.signatures.find(version, found.manifest)
        self.signatures.place(found.folder, signature)
        return found._replace(key=key)

    def compared(self, version: Version) -> Verified:
        """Like `verified`, without a look at signatures."""
        folder = self.cache / version.bundle
        if not folder.exists():
            self._unpack(version.bundle, folder)
        manifest = verify_folder(folder)
        if (read_manifest_file(folder).digest, manifest.model) != (version.bundle, version.model):
            raise Untrusted(
                f"The manifest in {folder} is not the one of {version.uri}.",
                help="Remove the folder and load the version again.",
            )
        return Verified(folder, manifest, None)

    def stored_manifest(self, version: Version) -> Manifest:
        """The manifest of a version, without a look at its files. Raises `NotFound` and `Untrusted`."""
        return parse_manifest(self.blobs.get_bytes(version.bundle), of=f"The manifest of {version.uri}")

    def stored_file(self, version: Version, path: str) -> bytes | None:
        """One file of a version's bundle, whose digest is compared; None if the bundle has none of that name."""
        files = {file.path: file.digest for file in self.stored_manifest(version).files}
        return self.blobs.get_bytes(files[path]) if path in files else None

    # Trust

    def signed_by(self, version: Version) -> TrustedKey:
        """The trusted key that signed a version, without a look at its files. Raises `Untrusted`."""
        assert self.signatures is not None  # only a workspace has the commands that ask
        return self.signatures.find(version, self.stored_manifest(version))[1]

    def sign(self, version: Version, *, by: By) -> Signature:
        """Sign a version that no trusted key has signed, after comparing every file with the catalog.

        Raises `InvalidInput` without a reason: a person answers for it.
        """
        _require_reason(by, f"{version.uri} cannot be signed")
        assert self.signatures is not None  # only a workspace has the command
        return self.signatures.add(self.compared(version).manifest, created=now(), by=by)

    def promote(
        self, model: str, number: int, *, expected: int | None, by: By, evidence: Release | None = None
    ) -> Version:
        """Make a version the champion in place of `expected`: sign who, why and on which evidence, then move the alias.

        The champion may be promoted again, which attests it anew. Raises `Conflict` if another version is the champion
        or this one is retired, `InvalidInput` without a reason, and `Untrusted` for a version that no trusted key
        has signed.
        """
        version = self.catalog.version(model, number)
        self._refuse_promotion(version, expected, by)
        if self.signatures:
            self.signatures.attest(version, moved_from=expected, by=by, evidence=evidence)
        if number != expected:
            self.catalog.move_alias(model, CHAMPION, number, expected=expected, by=by)
        return self.catalog.version(model, number)

    def _refuse_promotion(self, version: Version, expected: int | None, by: By) -> None:
        """Look before signing: the attestation of a promotion that then fails would stay."""
        _require_reason(by, f"{version.uri} cannot be promoted")
        if version.retired:
            raise Conflict(f"{version.uri} was retired on {version.retired}.", help="Promote another version.")
        if (found := self.catalog.alias(version.model, CHAMPION)) != expected:
            raise alias_elsewhere(version.model, CHAMPION, found=found, expected=expected)
        if self.signatures:
            self.signed_by(version)

    def _unpack(self, bundle: str, folder: Path) -> None:
        """Copy the blobs of a bundle into a new folder; the rename at the end makes it visible at once."""
        make_folder(self.cache)
        with full_disk_as_error(folder):
            unpacked = Path(tempfile.mkdtemp(prefix=".unpacking-", dir=self.cache))
            try:
                self.blobs.copy_to(bundle, unpacked / MANIFEST_FILE)
                for file in read_manifest(unpacked).files:
                    self.blobs.copy_to(file.digest, unpacked / file.path)
                unpacked.chmod(0o755)
                _rename_folder(unpacked, folder)
            finally:
                shutil.rmtree(unpacked, ignore_errors=True)

    def _help_for(self, name: str) -> str:
        versions = self.catalog.versions(name)
        if versions:
            return "there are " + ", ".join(version.uri for version in versions) + "."
        known = self.catalog.models()
        return f"known models: {', '.join(known)}." if known else "Run `dragoman train` first."


def _refuse_retired(version: Version) -> NoReturn:
    raise Conflict(
        f"{version.uri} was retired on {version.retired}.",
        help="Name another version; `dragoman models restore ARCHIVE --reason TEXT` brings it back.",
    )


def _require_reason(by: By, what: str) -> None:
    if not by.reason.strip():
        raise InvalidInput(f"{what} without a reason.", help="Say why: --reason TEXT.")


def _rename_folder(source: Path, target: Path) -> None:
    try:
        source.rename(target)
    except OSError:
        if not target.exists():  # another process has unpacked it meanwhile: as good as ours
            raise
