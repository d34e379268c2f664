"""Files that are whole or not there, and a lock between processes."""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from dragoman.errors import Conflict, InvalidInput, StorageFull

__all__ = ["FileLock", "atomic_file", "full_disk_as_error", "make_folder", "write_atomically"]

FULL = (errno.ENOSPC, errno.EDQUOT)
POLL_SECONDS = 0.01


def write_atomically(path: Path, data: bytes, *, sync: bool = True) -> None:
    """Write a file so that readers, and a crash at any moment, see the old content or the new one.

    Makes missing folders. Without `sync` a power cut, unlike a crash, may lose both. Raises `StorageFull`, leaving
    the old content.
    """
    with atomic_file(path, sync=sync) as file:
        file.write(data)


@contextmanager
def atomic_file(path: Path, *, mode: int = 0o644, sync: bool = True) -> Iterator[BinaryIO]:
    """A file to write that takes its place at `path` when the block ends, and vanishes if the block fails.

    A killed writer leaves a `.NAME.RANDOM.tmp` beside the file, which nobody reads.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    make_folder(path.parent)
    with full_disk_as_error(path):
        try:
            with _create(temporary) as file:
                yield file
                file.flush()
                os.fchmod(file.fileno(), mode)
                if sync:
                    os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        if sync:
            _sync_folder(path.parent)


def _create(path: Path) -> BinaryIO:
    """A new file that only its owner may read: it may be a key, which gets its mode when it is whole."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _sync_folder(folder: Path) -> None:
    """Make a rename survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it. Raises `InvalidInput` where none can be, and `StorageFull`."""
    try:
        with full_disk_as_error(folder):
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInput(
            f"The folder {folder} cannot be made: {error.strerror}.", help="Name a folder that can be written."
        ) from None


@contextmanager
def full_disk_as_error(path: Path) -> Iterator[None]:
    """Turn the system's error for a full disk or quota into `StorageFull`; others pass.

    Libraries bury that error: torch raises its own on top of it, safetensors keeps only its number in the message.
    """
    try:
        yield
    except Exception as error:
        if not any(_is_full(one) for one in _chain(error)):
            raise
        raise StorageFull(f"No space left to write {path}.", help="Free some space and try again.") from None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _is_full(error: BaseException) -> bool:
    if isinstance(error, OSError):
        return error.errno in FULL
    return any(f"(os error {number})" in str(error) for number in FULL)


class FileLock:
    """A lock that one process at a time holds, and that the system releases when that process dies.

    `with FileLock(path):` raises `Conflict`, naming the holder's process id, if the lock stays taken for `wait`
    seconds. The file stays behind; its content is the process id of the last holder. A forked child shares the lock.
    """

    def __init__(self, path: Path, *, wait: float = 0.0) -> None:
        self.path, self.wait = path, wait
        self._file: int | None = None

    def __enter__(self) -> Self:
        make_folder(self.path.parent)
        with full_disk_as_error(self.path):
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            self._acquire(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        self._file = descriptor
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        descriptor, self._file = self._file, None
        if descriptor is not None:
            os.close(descriptor)

    def _acquire(self, descriptor: int) -> None:
        deadline = time.monotonic() + self.wait
        while not _try_lock(descriptor):
            if time.monotonic() >= deadline:
                raise Conflict(
                    f"{self.path} is held by {_holder(descriptor)}.", help="Wait until it has finished, or stop it."
                )
            time.sleep(POLL_SECONDS)
        with full_disk_as_error(self.path):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(descriptor: int) -> str:
    """The holder writes its id just after it got the lock: for an instant the file may be empty."""
    written = os.pread(descriptor, 32, 0).decode(errors="replace")
    return f"process {written}" if written else "another process"
