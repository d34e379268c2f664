"""The manifest of a bundle: which files, with which SHA-256 digests. Its own digest is the bundle's name."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from dragoman.errors import InvalidCheckpoint, Untrusted
from dragoman.records import BundleFile, Manifest
from dragoman.store.files import write_atomically

__all__ = ["MANIFEST_FILE", "digest_of", "encode_manifest", "read_manifest", "verify_folder", "write_manifest"]

MANIFEST_FILE = "manifest.json"
FORMAT = 1


def write_manifest(folder: Path, *, model: str, task: str) -> Manifest:
    """Describe every file of `folder`. Written last: its existence means that the bundle is complete."""
    manifest = Manifest(format=FORMAT, model=model, task=task, files=_files_of(folder))
    write_atomically(folder / MANIFEST_FILE, encode_manifest(manifest))
    return manifest


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a bundle folder. Raises `InvalidCheckpoint` without one, `Untrusted` for a broken one."""
    path = folder / MANIFEST_FILE
    if not path.is_file():
        raise InvalidCheckpoint(
            f"{folder} is not a complete bundle: it has no {MANIFEST_FILE}.",
            help="A training that was stopped leaves no bundle; run `dragoman train` again.",
        )
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Untrusted(f"{path} is not a manifest.", help="Fetch the bundle again.") from None
    if manifest.format != FORMAT:
        raise Untrusted(
            f"{path} has format {manifest.format}; this release of Dragoman reads format {FORMAT}.",
            help="Load the bundle with the release that wrote it, or train the model again.",
        )
    return manifest


def verify_folder(folder: Path) -> Manifest:
    """Compare every file of a bundle with its manifest; raises `Untrusted` with the difference."""
    manifest = read_manifest(folder)
    if differences := _differences(manifest.files, _files_of(folder)):
        raise Untrusted(
            f"The bundle in {folder} is not what was registered: {'; '.join(differences)}.",
            help="Remove the folder and load the version again; if it stays changed, train it again.",
        )
    return manifest


def encode_manifest(manifest: Manifest) -> bytes:
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"


def digest_of(manifest: Manifest) -> str:
    """The digest that names the bundle."""
    return hashlib.sha256(encode_manifest(manifest)).hexdigest()


def _files_of(folder: Path) -> list[BundleFile]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / MANIFEST_FILE)
    return [_describe(path, folder) for path in paths]


def _describe(path: Path, folder: Path) -> BundleFile:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return BundleFile(path=path.relative_to(folder).as_posix(), digest=digest, size=path.stat().st_size)


def _differences(expected: list[BundleFile], found: list[BundleFile]) -> list[str]:
    want, have = ({file.path: file for file in files} for files in (expected, found))
    lines = [f"'{path}' is missing" for path in want if path not in have]
    lines += [f"'{path}' was added" for path in have if path not in want]
    for path in want.keys() & have.keys():
        if want[path] != have[path]:
            lines.append(
                f"'{path}' was changed (expected {want[path].size} bytes, sha256 {want[path].digest[:12]}…; "
                f"found {have[path].size} bytes, sha256 {have[path].digest[:12]}…)"
            )
    return sorted(lines)
