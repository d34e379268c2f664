"""The file operations of the log: everything that a full or broken disk may refuse."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["Disk"]


class Disk:
    """The system's files. Every method may raise `OSError`; tests put a disk in its place that does."""

    def make_folder(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)

    def create(self, path: Path) -> int:
        """A new file that is only ever added to, readable by its owner."""
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def write(self, file: int, data: bytes) -> None:
        """All of the data; a disk that fills may have taken a part of it when this raises."""
        view = memoryview(data)
        while view:
            view = view[os.write(file, view) :]

    def sync(self, file: int) -> None:
        """Return when content and length are where a power cut does not reach them."""
        os.fdatasync(file)

    def sync_folder(self, folder: Path) -> None:
        """The same for the names in a folder."""
        descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def truncate(self, file: int, size: int) -> None:
        os.ftruncate(file, size)

    def close(self, file: int) -> None:
        os.close(file)

    def read(self, path: Path) -> bytes:
        return path.read_bytes()

    def rename(self, path: Path, other: Path) -> None:
        path.rename(other)

    def remove(self, path: Path) -> None:
        path.unlink()
