"""Rows, disks and tables for tests of the prediction log."""

from __future__ import annotations

import errno
import threading
from collections import Counter
from pathlib import Path

import pyarrow as pa

from dragoman.errors import Conflict
from dragoman.monitoring.prediction_log import PredictionLog, read_pending, read_predictions
from dragoman.monitoring.prediction_log.disk import Disk
from dragoman.records import PredictionRow
from dragoman.store.tables import DeltaTables

__all__ = ["FailingDisk", "MemoryOnce", "ids_in", "open_log", "row", "rows"]


def row(id: str, **fields: object) -> PredictionRow:
    time = fields.pop("time", "2026-03-04T05:06:07.008+00:00")
    return PredictionRow(id=id, time=time, model="support", version="7", task="text-classification", **fields)


def rows(*numbers: int) -> list[PredictionRow]:
    return [row(str(number)) for number in numbers]


def open_log(folder: Path, tables: object = None, **options: object) -> PredictionLog:
    """A log in `folder/log` whose table is in `folder/tables`."""
    given = {"flush_seconds": 0.01, "segment_seconds": 60.0, **options}
    return PredictionLog(folder / "log", tables or DeltaTables(folder / "tables"), **given)


def ids_in(folder: Path) -> list[str]:
    """Every row of the table and of the segments, as often as it is there, without those of both."""
    table = read_predictions(DeltaTables(folder / "tables"))["id"].to_pylist()
    pending = read_pending(folder / "log")["id"].to_pylist() if (folder / "log").is_dir() else []
    return sorted((Counter(table) | Counter(pending)).elements())


class MemoryOnce:
    """Keeps the contract of `DeltaTables.append_once`. `fails`: which calls raise, and whether they commit before that.

    While it is held, another process writes to it.
    """

    def __init__(self, fails: dict[int, bool] | None = None, *, is_held: bool = False) -> None:
        self.fails, self.calls, self.is_held = fails or {}, 0, is_held
        self.done: dict[str, int] = {}
        self.ids: list[str] = []

    def append_once(self, name: str, table: pa.Table, *, app: str, number: int, **_: object) -> bool:
        if self.is_held:
            raise Conflict("The table is held by process 1.")
        self.calls += 1
        call = self.calls
        if call in self.fails and not self.fails[call]:
            raise OSError(errno.EIO, "before the commit")
        added = self.done.get(app, 0) < number
        if added:
            self.done[app] = number
            self.ids += table["id"].to_pylist()
        if call in self.fails:
            raise OSError(errno.ENOSPC, "after the commit")
        return added


class FailingDisk(Disk):
    """Refuses the operation of this number; with `for_ever` every one after it, too.

    A write that is refused leaves half of its data behind, as a disk that fills does.
    """

    def __init__(self, refused: int = 0, *, for_ever: bool = False) -> None:
        self.refused, self.for_ever, self.count = refused, for_ever, 0
        self._lock = threading.Lock()

    def _step(self) -> None:
        with self._lock:
            self.count += 1
            if self.refused and (self.count == self.refused or (self.for_ever and self.count > self.refused)):
                raise OSError(errno.ENOSPC, "No space left on device")

    def create(self, path: Path) -> int:
        self._step()
        return super().create(path)

    def write(self, file: int, data: bytes) -> None:
        try:
            self._step()
        except OSError:
            super().write(file, data[: len(data) // 2])
            raise
        super().write(file, data)

    def sync(self, file: int) -> None:
        self._step()
        super().sync(file)

    def sync_folder(self, folder: Path) -> None:
        self._step()
        super().sync_folder(folder)

    def truncate(self, file: int, size: int) -> None:
        self._step()
        super().truncate(file, size)

    def read(self, path: Path) -> bytes:
        self._step()
        return super().read(path)

    def rename(self, path: Path, other: Path) -> None:
        self._step()
        super().rename(path, other)

    def remove(self, path: Path) -> None:
        self._step()
        super().remove(path)
