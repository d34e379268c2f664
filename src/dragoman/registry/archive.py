"""An archive: a version with its records in one file, from which it can be registered again.

A `.tar.gz` with the folder of the bundle under `bundle/`, the card as of then, and `records.json`. The same version
with the same records gives the same bytes.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO

import msgspec

from dragoman.errors import NotFound, Untrusted
from dragoman.records import AuditRow, DatasetVersion, Manifest, Record, Release, Run, Signature, Version
from dragoman.registry.bundle import to_json_bytes
from dragoman.registry.manifest import MANIFEST_FILE, digest_of, encode_manifest
from dragoman.store.files import atomic_file, full_disk_as_error

__all__ = ["ArchivedRecords", "extract_bundle", "read_archive", "write_archive"]

FORMAT = 1
RECORDS_FILE, CARD_FILE, BUNDLE_FOLDER = "records.json", "card.md", "bundle"
COMPRESSION = 1  # weights hardly get smaller, however long one tries
CHUNK = 1 << 20
MOST_RECORDS = 1 << 28  # bytes that the records may take in memory


class ArchivedRecords(Record, frozen=True, kw_only=True):
    """What the catalog said of a version when it was archived."""

    format: int
    version: Version
    run: Run
    dataset: DatasetVersion | None
    signatures: list[Signature]
    releases: list[Release]
    audit: list[AuditRow]


def write_archive(path: Path, folder: Path, manifest: Manifest, records: ArchivedRecords, *, card: str) -> None:
    """Write an archive of the bundle in `folder`. Raises `StorageFull`; an archive is there whole or not at all."""
    with (
        atomic_file(path) as file,
        gzip.GzipFile("", "wb", COMPRESSION, file, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as tar,
    ):
        _add(tar, RECORDS_FILE, to_json_bytes(records))
        _add(tar, CARD_FILE, card.encode())
        _add(tar, f"{BUNDLE_FOLDER}/{MANIFEST_FILE}", encode_manifest(manifest))
        for one in manifest.files:
            with (folder / one.path).open("rb") as content:
                tar.addfile(_member(f"{BUNDLE_FOLDER}/{one.path}", one.size), content)


def read_archive(path: Path) -> ArchivedRecords:
    """The records of an archive, after comparing every file in it with the manifest and the version's digest.

    Raises `NotFound` without such a file, and `Untrusted` for one that is not a whole archive.
    """
    return _read(path, None)


def extract_bundle(path: Path, folder: Path) -> ArchivedRecords:
    """Write the bundle of an archive into a new folder, comparing as `read_archive` does. Raises the same, and
    `StorageFull`; then the folder holds a part.
    """
    with full_disk_as_error(folder):
        return _read(path, folder)


# Writing ------------------------------------------------------------------------------------------------------------


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    tar.addfile(_member(name, len(content)), io.BytesIO(content))


def _member(name: str, size: int) -> tarfile.TarInfo:
    """A plain file of nobody and of no time: archives of the same content are the same."""
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o644
    return member


# Reading ------------------------------------------------------------------------------------------------------------


def _read(path: Path, folder: Path | None) -> ArchivedRecords:
    """In the order in which they were written: records, card, manifest, files."""
    with _opened(path) as tar:
        records = _records(path, _small(path, tar, RECORDS_FILE))
        _small(path, tar, CARD_FILE)
        encoded = _small(path, tar, f"{BUNDLE_FOLDER}/{MANIFEST_FILE}")
        manifest = _manifest(path, encoded, records.version)
        if folder is not None:
            _write(folder / MANIFEST_FILE, io.BytesIO(encoded))
        for one in manifest.files:
            target = None if folder is None else folder / _safe(path, one.path)
            if _write(target, _next(path, tar, f"{BUNDLE_FOLDER}/{one.path}")) != one.digest:
                raise _damaged(path, f"'{one.path}' is not the file that the manifest names")
        if (more := tar.next()) is not None:
            raise _damaged(path, f"'{more.name}' does not belong in it")
    return records


@contextmanager
def _opened(path: Path) -> Iterator[tarfile.TarFile]:
    if not path.is_file():
        raise NotFound(f"There is no archive {path}.", help="`dragoman models retire` writes one and names it.")
    try:
        with tarfile.open(path, "r|gz") as tar:
            yield tar
    except (tarfile.TarError, EOFError, gzip.BadGzipFile, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:  # the system's, not that of a broken file
            raise
        raise _damaged(path, str(error)) from None


def _next(path: Path, tar: tarfile.TarFile, name: str) -> BinaryIO:
    member = tar.next()
    content = tar.extractfile(member) if member is not None and member.isreg() and member.name == name else None
    if content is None:
        raise _damaged(path, f"it has no '{name}' where it belongs")
    return content  # type: ignore[return-value]  # of bytes, as `BinaryIO` is


def _small(path: Path, tar: tarfile.TarFile, name: str) -> bytes:
    content = _next(path, tar, name).read(MOST_RECORDS + 1)
    if len(content) > MOST_RECORDS:
        raise _damaged(path, f"'{name}' is too large")
    return content


def _records(path: Path, content: bytes) -> ArchivedRecords:
    try:
        records = msgspec.json.decode(content, type=ArchivedRecords)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _damaged(path, f"its records cannot be read: {error}") from None
    if records.format != FORMAT:
        raise _damaged(path, f"it has format {records.format}, and this release reads format {FORMAT}")
    return records


def _manifest(path: Path, content: bytes, version: Version) -> Manifest:
    try:
        manifest = msgspec.json.decode(content, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _damaged(path, f"its manifest cannot be read: {error}") from None
    if digest_of(manifest) != version.bundle or encode_manifest(manifest) != content:
        raise _damaged(path, f"its manifest is not the one of bundle {version.bundle[:12]}…")
    return manifest


def _safe(path: Path, name: str) -> PurePosixPath:
    """A place inside the folder: an archive may come from anywhere."""
    place = PurePosixPath(name)
    if place.is_absolute() or ".." in place.parts or not place.parts:
        raise _damaged(path, f"'{name}' would lie outside the bundle")
    return place


def _write(target: Path | None, content: BinaryIO) -> str:
    """Copy a file, if there is where to, and give its digest."""
    digest = hashlib.sha256()
    if target is None:
        while chunk := content.read(CHUNK):
            digest.update(chunk)
        return digest.hexdigest()
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("xb") as file:
        while chunk := content.read(CHUNK):
            digest.update(chunk)
            file.write(chunk)
    return digest.hexdigest()


def _damaged(path: Path, what: str) -> Untrusted:
    return Untrusted(f"{path} is not a whole archive: {what}.", help="Use another copy of it.")
