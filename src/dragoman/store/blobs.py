"""Content-addressed files in a folder: `root/ab/abcdef…`, read-only."""

from __future__ import annotations

import hashlib
import io
import re
from pathlib import Path
from typing import BinaryIO

from dragoman.errors import Conflict
from dragoman.store.files import atomic_file
from dragoman.store.refusals import blob_changed, blob_not_found, require_file

__all__ = ["LocalBlobs"]

DIGEST = re.compile(r"[0-9a-f]{64}")
READ_ONLY = 0o444
CHUNK = 1 << 20


class LocalBlobs:
    """Blobs in a local folder. Any number of processes may share it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put_file(self, path: Path) -> str:
        require_file(path)
        with path.open("rb") as source:
            return self._put(source, str(path))

    def put_bytes(self, data: bytes) -> str:
        return self._put(io.BytesIO(data), "the data")

    def get_bytes(self, digest: str) -> bytes:
        data = self._existing(digest).read_bytes()
        _refuse_other(digest, hashlib.sha256(data).hexdigest())
        return data

    def copy_to(self, digest: str, path: Path) -> None:
        with self._existing(digest).open("rb") as source, atomic_file(path) as target:
            _refuse_other(digest, _copy(source, target))

    def exists(self, digest: str) -> bool:
        return DIGEST.fullmatch(digest) is not None and self._path(digest).is_file()

    def _put(self, source: BinaryIO, name: str) -> str:
        digest = _digest(source)
        if self._is_intact(digest):
            return digest
        source.seek(0)
        with atomic_file(self._path(digest), mode=READ_ONLY) as target:
            if _copy(source, target) != digest:
                raise Conflict(f"{name} changed while it was stored.", help="Store it again when nobody writes it.")
        return digest

    def _is_intact(self, digest: str) -> bool:
        """A damaged blob counts as missing, so that putting its content again repairs it."""
        if not self.exists(digest):
            return False
        with self._path(digest).open("rb") as file:
            return _digest(file) == digest

    def _existing(self, digest: str) -> Path:
        if not self.exists(digest):
            raise blob_not_found(digest)
        return self._path(digest)

    def _path(self, digest: str) -> Path:
        return self.root / digest[:2] / digest


def _digest(source: BinaryIO) -> str:
    return hashlib.file_digest(source, "sha256").hexdigest()  # type: ignore[arg-type]  # a protocol narrower than BinaryIO


def _copy(source: BinaryIO, target: BinaryIO) -> str:
    """Copy the rest of `source`; returns the digest of what was written."""
    seen = hashlib.sha256()
    while chunk := source.read(CHUNK):
        seen.update(chunk)
        target.write(chunk)
    return seen.hexdigest()


def _refuse_other(expected: str, found: str) -> None:
    if found != expected:
        raise blob_changed(expected, found)
