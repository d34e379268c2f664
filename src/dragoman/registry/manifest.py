"""The manifest of a bundle: which files, with which SHA-256 digests. Its own digest is the bundle's name."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from dragoman.errors import InvalidCheckpoint, Untrusted
from dragoman.records import BundleFile, Manifest
from dragoman.store.files import write_atomically

__all__ = [
    "MANIFEST_FILE",
    "SIGNATURE_FILE",
    "digest_of",
    "encode_manifest",
    "manifest_file",
    "parse_manifest",
    "read_manifest",
    "read_manifest_file",
    "show_differences",
    "verify_folder",
    "write_manifest",
]

MANIFEST_FILE = "manifest.json"
SIGNATURE_FILE = "model.sig"  # lies beside the files and says nothing of itself
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
    return parse_manifest(path.read_bytes(), of=str(path))


def parse_manifest(content: bytes, *, of: str) -> Manifest:
    """The manifest in a file's content. Raises `Untrusted` for another one, and for another format."""
    try:
        manifest = msgspec.json.decode(content, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Untrusted(f"{of} is not a manifest.", help="Fetch the bundle again.") from None
    if manifest.format != FORMAT:
        raise Untrusted(
            f"{of} has format {manifest.format}; this release of Dragoman reads format {FORMAT}.",
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


def manifest_file(manifest: Manifest) -> BundleFile:
    """The manifest as one more file of its bundle."""
    return _described(encode_manifest(manifest))


def read_manifest_file(folder: Path) -> BundleFile:
    """The manifest of a folder as one more file, byte for byte as it lies there."""
    return _described((folder / MANIFEST_FILE).read_bytes())


def show_differences(expected: Mapping[str, str], found: Sequence[BundleFile]) -> list[str]:
    """How files differ from the SHA-256 digests expected of them, in words; empty if they do not."""
    have = {file.path: file for file in found}
    lines = [f"'{path}' is missing (sha256 {expected[path][:12]}…)" for path in expected if path not in have]
    for path, file in have.items():
        if path not in expected:
            lines.append(f"'{path}' was added ({_shown(file)})")
        elif expected[path] != file.digest:
            lines.append(f"'{path}' was changed (expected sha256 {expected[path][:12]}…; found {_shown(file)})")
    return sorted(lines)


def _described(content: bytes) -> BundleFile:
    return BundleFile(path=MANIFEST_FILE, digest=hashlib.sha256(content).hexdigest(), size=len(content))


def _files_of(folder: Path) -> list[BundleFile]:
    return [_describe(path, folder) for path in sorted(_paths_of(folder))]


def _paths_of(folder: Path) -> Iterator[Path]:
    """Every file but the manifest and its signature. A link or a device may be another thing at the next look."""
    for path in folder.rglob("*"):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise Untrusted(
                f"The bundle in {folder} holds '{path.relative_to(folder)}', which is a link or no plain file.",
                help="Put the file itself in its place.",
            )
        if path.is_file() and path not in (folder / MANIFEST_FILE, folder / SIGNATURE_FILE):
            yield path


def _describe(path: Path, folder: Path) -> BundleFile:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return BundleFile(path=path.relative_to(folder).as_posix(), digest=digest, size=path.stat().st_size)


def _differences(expected: list[BundleFile], found: list[BundleFile]) -> list[str]:
    want, have = ({file.path: file for file in files} for files in (expected, found))
    lines = [f"'{path}' is missing ({_shown(file)})" for path, file in want.items() if path not in have]
    lines += [f"'{path}' was added ({_shown(file)})" for path, file in have.items() if path not in want]
    for path in want.keys() & have.keys():
        if want[path] != have[path]:
            lines.append(f"'{path}' was changed (expected {_shown(want[path])}; found {_shown(have[path])})")
    return sorted(lines)


def _shown(file: BundleFile) -> str:
    return f"{file.size} bytes, sha256 {file.digest[:12]}…"
