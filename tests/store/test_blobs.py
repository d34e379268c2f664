from __future__ import annotations

import errno
import hashlib
import os
import signal
from pathlib import Path
from typing import BinaryIO

import pytest
from tests.store.children import start

from dragoman.errors import Conflict, StorageFull, Untrusted
from dragoman.store import blobs as blobs_module
from dragoman.store.blobs import LocalBlobs

PUT_AND_DIE = """
import os, pathlib, signal, sys
from dragoman.store import blobs
def copy_half_and_die(source, target):
    target.write(source.read(1 << 20))
    target.flush()
    os.kill(os.getpid(), signal.SIGKILL)
blobs._copy = copy_half_and_die
blobs.LocalBlobs(pathlib.Path(sys.argv[1])).put_file(pathlib.Path(sys.argv[2]))
"""


def files_under(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def path_of(blobs: LocalBlobs, digest: str) -> Path:
    return blobs.root / digest[:2] / digest


def test_a_blob_is_a_read_only_file_named_by_its_digest(tmp_path: Path) -> None:
    digest = LocalBlobs(tmp_path).put_bytes(b"content")
    assert files_under(tmp_path) == [f"{digest[:2]}/{digest}"]
    assert (tmp_path / digest[:2] / digest).stat().st_mode & 0o777 == 0o444


def test_the_same_content_is_written_once(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path)
    before = path_of(blobs, blobs.put_bytes(b"content")).stat()
    assert path_of(blobs, blobs.put_bytes(b"content")).stat().st_ino == before.st_ino


def test_blobs_are_seen_by_another_store_on_the_folder(tmp_path: Path) -> None:
    digest = LocalBlobs(tmp_path).put_bytes(b"content")
    assert LocalBlobs(tmp_path).get_bytes(digest) == b"content"


def test_a_changed_blob_is_not_trusted(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path / "blobs")
    digest = blobs.put_bytes(b"content")
    path_of(blobs, digest).chmod(0o644)
    path_of(blobs, digest).write_bytes(b"cOntent")
    with pytest.raises(Untrusted, match=f"{digest} was changed.*{hashlib.sha256(b'cOntent').hexdigest()}"):
        blobs.get_bytes(digest)
    with pytest.raises(Untrusted, match="was changed"):
        blobs.copy_to(digest, tmp_path / "copy")
    assert files_under(tmp_path) == [f"blobs/{digest[:2]}/{digest}"]


def test_putting_the_content_again_repairs_a_changed_blob(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path)
    digest = blobs.put_bytes(b"content")
    path_of(blobs, digest).chmod(0o644)
    path_of(blobs, digest).write_bytes(b"")
    assert blobs.put_bytes(b"content") == digest
    assert blobs.get_bytes(digest) == b"content"


def test_a_full_disk_leaves_nothing_of_a_blob(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def write_half(source: BinaryIO, target: BinaryIO) -> str:
        target.write(source.read(3))
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    blobs = LocalBlobs(tmp_path / "blobs")
    (tmp_path / "file").write_bytes(b"content")
    monkeypatch.setattr(blobs_module, "_copy", write_half)
    with pytest.raises(StorageFull, match="No space left"):
        blobs.put_file(tmp_path / "file")
    assert files_under(blobs.root) == []
    assert not blobs.exists(hashlib.sha256(b"content").hexdigest())


def test_a_full_disk_leaves_nothing_of_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    blobs = LocalBlobs(tmp_path / "blobs")
    digest = blobs.put_bytes(b"content")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageFull):
        blobs.copy_to(digest, tmp_path / "out" / "copy")
    assert files_under(tmp_path / "out") == []


def test_a_file_that_changes_meanwhile_is_not_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blobs = LocalBlobs(tmp_path / "blobs")
    (tmp_path / "file").write_bytes(b"content")
    digest_of = blobs_module._digest

    def digest_then_change(source: BinaryIO) -> str:
        digest = digest_of(source)
        (tmp_path / "file").write_bytes(b"changed")
        return digest

    monkeypatch.setattr(blobs_module, "_digest", digest_then_change)
    with pytest.raises(Conflict, match=f"{tmp_path}/file changed while it was stored"):
        blobs.put_file(tmp_path / "file")
    assert files_under(blobs.root) == []


def test_a_killed_writer_leaves_no_blob_and_disturbs_nobody(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path / "blobs")
    (tmp_path / "file").write_bytes(bytes(3 << 20))
    with start(PUT_AND_DIE, blobs.root, tmp_path / "file") as child:
        assert child.wait() == -signal.SIGKILL
    digest = hashlib.sha256(bytes(3 << 20)).hexdigest()
    assert [name.endswith(".tmp") for name in files_under(blobs.root)] == [True]
    assert not blobs.exists(digest)
    assert blobs.put_file(tmp_path / "file") == digest
    assert blobs.get_bytes(digest) == bytes(3 << 20)
