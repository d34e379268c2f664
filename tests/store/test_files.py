from __future__ import annotations

import errno
import os
import signal
import threading
from pathlib import Path

import pytest
from tests.store.children import start

from dragoman.errors import Conflict, InvalidInput, StorageFull
from dragoman.store.files import FileLock, atomic_file, full_disk_as_error, make_folder, write_atomically

HOLD = """
import pathlib, sys, time
from dragoman.store.files import FileLock
with FileLock(pathlib.Path(sys.argv[1])):
    print("locked", flush=True)
    time.sleep(60)
"""

WRITE_AND_DIE = """
import os, pathlib, signal, sys
from dragoman.store import files
moments = {"fsync": (os, "fsync"), "replace": (pathlib.Path, "replace"), "after": (files, "_sync_folder")}
setattr(*moments[sys.argv[2]], lambda *_: os.kill(os.getpid(), signal.SIGKILL))
files.write_atomically(pathlib.Path(sys.argv[1]), b"new")
"""


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def test_a_file_is_written_into_a_new_folder(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a" / "b" / "file", b"content")
    assert (tmp_path / "a" / "b" / "file").read_bytes() == b"content"
    assert names_in(tmp_path / "a" / "b") == ["file"]


def test_a_file_that_is_written_can_be_read_by_others(tmp_path: Path) -> None:
    write_atomically(tmp_path / "file", b"")
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o644


def test_a_failing_block_leaves_the_old_content(tmp_path: Path) -> None:
    write_atomically(tmp_path / "file", b"old")
    with pytest.raises(ZeroDivisionError), atomic_file(tmp_path / "file") as file:
        file.write(b"half")
        file.write(b"%d" % (1 // 0))
    assert (tmp_path / "file").read_bytes() == b"old"
    assert names_in(tmp_path) == ["file"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_leaves_the_old_content(code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    write_atomically(tmp_path / "file", b"old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageFull, match=f"No space left to write {tmp_path}/file"):
        write_atomically(tmp_path / "file", b"new")
    assert (tmp_path / "file").read_bytes() == b"old"
    assert names_in(tmp_path) == ["file"]


def test_a_file_that_need_not_survive_a_power_cut_is_not_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    write_atomically(tmp_path / "file", b"fast", sync=False)
    assert synced == []
    write_atomically(tmp_path / "file", b"safe")
    assert len(synced) == 2  # the file and its folder
    assert (tmp_path / "file").read_bytes() == b"safe"


def test_another_error_of_the_system_passes(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(IsADirectoryError):
        write_atomically(tmp_path / "folder", b"")


@pytest.mark.parametrize(("moment", "content"), [("fsync", b"old"), ("replace", b"old"), ("after", b"new")])
def test_a_killed_writer_leaves_the_old_content_or_the_new(moment: str, content: bytes, tmp_path: Path) -> None:
    write_atomically(tmp_path / "file", b"old")
    with start(WRITE_AND_DIE, tmp_path / "file", moment) as child:
        assert child.wait() == -signal.SIGKILL
    assert (tmp_path / "file").read_bytes() == content
    write_atomically(tmp_path / "file", b"again")
    assert (tmp_path / "file").read_bytes() == b"again"


def test_a_folder_that_cannot_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InvalidInput, match=f"The folder {tmp_path}/file/deep cannot be made: Not a directory"):
        make_folder(tmp_path / "file" / "deep")


def test_a_lock_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    with FileLock(tmp_path / "new" / "lock") as lock:
        with pytest.raises(Conflict, match=f"new/lock is held by process {os.getpid()}"), FileLock(lock.path):
            pass
        with pytest.raises(Conflict), lock:
            pass
    with FileLock(lock.path), FileLock(tmp_path / "another"):
        pass


def test_a_lock_names_the_process_that_holds_it_and_ends_with_it(tmp_path: Path) -> None:
    with start(HOLD, tmp_path / "lock") as child:
        assert child.stdout.readline() == "locked\n"
        with pytest.raises(Conflict, match=f"is held by process {child.pid}"), FileLock(tmp_path / "lock"):
            pass
        child.kill()
    with FileLock(tmp_path / "lock"):
        assert (tmp_path / "lock").read_text() == str(os.getpid())


def test_a_lock_is_free_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), FileLock(tmp_path / "lock"):
        1 // 0  # noqa: B018
    with FileLock(tmp_path / "lock"):
        pass


def test_a_waiting_lock_takes_its_turn(tmp_path: Path) -> None:
    held = FileLock(tmp_path / "lock")
    held.__enter__()
    threading.Timer(0.1, held.__exit__, (None, None, None)).start()
    with FileLock(tmp_path / "lock", wait=30):
        assert held._file is None


def test_a_waiting_lock_gives_up(tmp_path: Path) -> None:
    with FileLock(tmp_path / "lock"), pytest.raises(Conflict), FileLock(tmp_path / "lock", wait=0.05):
        pass


def test_a_full_disk_is_known_under_another_error():
    buried = RuntimeError("unexpected pos 1198528 vs 1198416")
    buried.__context__ = OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(StorageFull, match="No space left to write model"), full_disk_as_error(Path("model")):
        raise buried


def test_a_full_disk_is_known_by_its_number_in_a_message():
    with pytest.raises(StorageFull), full_disk_as_error(Path("model")):
        raise ValueError("I/O error: No space left on device (os error 28)")


def test_another_error_passes_through():
    with pytest.raises(ValueError, match="os error 2"), full_disk_as_error(Path("model")):
        raise ValueError("No such file or directory (os error 2)")
