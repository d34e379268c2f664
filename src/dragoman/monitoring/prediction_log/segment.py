"""A file of the log while it is written, and its name."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from dragoman.monitoring.prediction_log.disk import Disk
from dragoman.monitoring.prediction_log.frames import START, join_frames
from dragoman.records import Record

__all__ = ["SUFFIX", "Header", "Segment", "SegmentName", "name_of", "segments_in"]

SUFFIX = ".wal"
FORMAT = 1
NAME = re.compile(r"(?P<app>.+)\.(?P<number>\d{8})\.wal(\.damaged)?")


class Header(Record, frozen=True, kw_only=True):
    """The first record of a segment."""

    format: int
    app: str
    number: int


class SegmentName(NamedTuple):
    """Which segment a file is: `number` counts from 1 within `app`, one opening of a log."""

    app: str
    number: int

    @property
    def file(self) -> str:
        return f"{self.app}.{self.number:08}{SUFFIX}"


def name_of(path: Path) -> SegmentName:
    """Which segment a file of `segments_in` is."""
    found = NAME.fullmatch(path.name)
    assert found is not None  # only such files are taken for segments
    return SegmentName(found["app"], int(found["number"]))


def segments_in(folder: Path) -> list[Path]:
    """The segments of a folder: one opening of the log after the other, in the order in which they were written."""
    return sorted(path for path in folder.glob(f"*{SUFFIX}") if NAME.fullmatch(path.name))


class Segment:
    """A file that takes groups of records: a group is on the disk whole, or not in the file.

    Raises `OSError` when the disk refuses; a segment that has raised takes no more.
    """

    def __init__(self, folder: Path, name: SegmentName, disk: Disk) -> None:
        self.path, self.disk, self.size, self.rows, self._place = folder / name.file, disk, 0, 0, START
        self._is_whole = True  # nothing half-written stands at its end
        self._file = disk.create(self.path)
        try:
            self._put([msgspec.json.encode(Header(format=FORMAT, app=name.app, number=name.number))])
            disk.sync_folder(folder)
        except BaseException:
            self._discard()
            raise

    def append(self, payloads: Sequence[bytes]) -> None:
        """Write records and sync them."""
        try:
            self._put(payloads)
        except OSError:
            self._is_whole = False
            with contextlib.suppress(OSError):
                self.disk.truncate(self._file, self.size)
                self._is_whole = True
            raise
        self.rows += len(payloads)

    def close(self) -> bool:
        """Say in the file that it ends here, if the disk allows it. Returns whether there is still a file."""
        if not self.rows:
            return not self._discard()
        with contextlib.suppress(OSError):
            if self._is_whole:
                self._put([b""])
        with contextlib.suppress(OSError):
            self.disk.close(self._file)
        return True

    def _put(self, payloads: Sequence[bytes]) -> None:
        data, place = join_frames(payloads, self._place)
        self.disk.write(self._file, data)
        self.disk.sync(self._file)
        self.size, self._place = self.size + len(data), place

    def _discard(self) -> bool:
        """Leave no file without records, if the disk allows it."""
        with contextlib.suppress(OSError):
            self.disk.close(self._file)
        with contextlib.suppress(OSError):
            self.disk.remove(self.path)
            return True
        return False
