"""Versions of models: bundles in, folders out."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from dragoman.errors import NotFound, Untrusted
from dragoman.records import Version
from dragoman.registry.manifest import MANIFEST_FILE, digest_of, encode_manifest, read_manifest, verify_folder
from dragoman.registry.uri import parse_model_uri
from dragoman.store.base import Blobs, Catalog
from dragoman.store.files import full_disk_as_error, make_folder

__all__ = ["Registry"]


class Registry:
    """Keeps bundles as blobs, their versions in the catalog, and unpacked copies in a cache folder."""

    def __init__(self, catalog: Catalog, blobs: Blobs, cache: Path) -> None:
        self.catalog, self.blobs, self.cache = catalog, blobs, cache

    def register(self, folder: Path, *, run: str, owner: str, created: str) -> Version:
        """Store a complete bundle and give it the next version number of its model.

        The catalog row comes last, so a kill leaves either no version or a whole one. The same bundle again gives the
        version it already has.
        """
        manifest = verify_folder(folder)
        for file in manifest.files:
            self.blobs.put_file(folder / file.path)
        bundle = self.blobs.put_bytes(encode_manifest(manifest))
        return self.catalog.add_version(model=manifest.model, bundle=bundle, run=run, owner=owner, created=created)

    def resolve(self, uri: str) -> Version:
        """The version that `models:/NAME/3`, `models:/NAME@ALIAS` or `NAME` (its champion) means."""
        name, number, alias = parse_model_uri(uri)
        if number is not None:
            return self.catalog.version(name, number)
        found = self.catalog.alias(name, alias or "")
        if found is None:
            raise NotFound(f"'{name}' has no version with the alias '{alias}'.", help=self._help_for(name))
        return self.catalog.version(name, found)

    def fetch(self, version: Version) -> Path:
        """The folder of a version, unpacked when needed and verified always.

        Raises `Untrusted` if the folder or the stored blobs were changed.
        """
        folder = self.cache / version.bundle
        if not folder.exists():
            self._unpack(version.bundle, folder)
        manifest = verify_folder(folder)
        if digest_of(manifest) != version.bundle:
            raise Untrusted(
                f"The manifest in {folder} is not the one of {version.uri}.",
                help="Remove the folder and load the version again.",
            )
        return folder

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


def _rename_folder(source: Path, target: Path) -> None:
    try:
        source.rename(target)
    except OSError:
        if not target.exists():  # another process has unpacked it meanwhile: as good as ours
            raise
