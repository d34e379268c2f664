"""Every operation of the disk and of the table fails once, or for ever: nothing acknowledged is lost or there twice."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from tests.monitoring.prediction_log.world import FailingDisk, MemoryOnce, open_log, rows

from dragoman.monitoring.prediction_log import mover, verify_wal
from dragoman.monitoring.prediction_log.disk import Disk
from dragoman.monitoring.prediction_log.segment import segments_in

GROUPS = 5
OPERATIONS = 60  # more than a log with these groups asks of its disk


@pytest.fixture(autouse=True)
def _hurry(monkeypatch):
    monkeypatch.setattr(mover, "FIRST_PAUSE", 0.001)


def live(folder: Path, tables: MemoryOnce, disk: Disk) -> list[str]:
    """A life of a log, in which every second group completes a segment; the rows that were acknowledged."""
    acknowledged = []
    log = open_log(folder, tables, disk=disk, segment_bytes=900)
    for number in range(0, 2 * GROUPS, 2):
        pair = rows(number, number + 1)
        if log.append(pair).wait() == "durable":
            acknowledged += [one.id for one in pair]
    log.close()
    assert log.stats.appended == log.stats.durable + log.stats.shed == 2 * GROUPS
    return acknowledged


def check(folder: Path, tables: MemoryOnce, acknowledged: list[str]) -> None:
    """What the next process finds is moved: everything acknowledged, nothing twice, no segment left."""
    open_log(folder, tables).close()
    assert len(set(tables.ids)) == len(tables.ids)
    assert set(acknowledged) <= set(tables.ids) <= {str(number) for number in range(2 * GROUPS)}
    assert segments_in(folder / "log" / "0") == []


def test_a_life_without_failure_asks_less_of_its_disk_than_is_failed_here(tmp_path):
    disk, tables = FailingDisk(), MemoryOnce()
    assert len(live(tmp_path, tables, disk)) == 2 * GROUPS
    assert GROUPS < disk.count < OPERATIONS
    assert tables.calls > 1


@pytest.mark.parametrize("for_ever", [False, True], ids=["once", "for ever"])
@pytest.mark.parametrize("refused", range(1, OPERATIONS))
def test_any_operation_of_the_disk_may_fail(refused, for_ever, tmp_path):
    tables = MemoryOnce()
    acknowledged = live(tmp_path, tables, FailingDisk(refused, for_ever=for_ever))
    assert verify_wal(tmp_path / "log") == [] or for_ever
    if not for_ever:
        assert len(acknowledged) >= 2 * (GROUPS - 1)
    check(tmp_path, tables, acknowledged)


@pytest.mark.parametrize("is_committed", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("call", range(1, 4))
def test_any_commit_may_fail_before_or_after_it_is_done(call, is_committed, tmp_path):
    tables = MemoryOnce({call: is_committed})
    acknowledged = live(tmp_path, tables, Disk())
    assert len(acknowledged) == 2 * GROUPS
    check(tmp_path, tables, acknowledged)


class PowerDisk(FailingDisk):
    """A disk that keeps after a power cut what was synced, and of what came later anything, and perhaps zeros."""

    def __init__(self, refused: int) -> None:
        super().__init__(refused, for_ever=True)
        self.paths: dict[int, Path] = {}
        self.synced: dict[Path, int] = {}
        self.named: set[Path] = set()
        self.removed: dict[Path, bytes] = {}

    def create(self, path: Path) -> int:
        file = super().create(path)
        self.paths[file], self.synced[path] = path, 0
        return file

    def sync(self, file: int) -> None:
        super().sync(file)
        self.synced[self.paths[file]] = self.paths[file].stat().st_size

    def sync_folder(self, folder: Path) -> None:
        super().sync_folder(folder)
        self.named |= self.synced.keys()
        self.removed.clear()

    def remove(self, path: Path) -> None:
        content = path.read_bytes()
        super().remove(path)
        self.removed[path] = content

    def cut(self, draw: random.Random) -> None:
        for path, content in self.removed.items():
            if draw.random() < 0.5:
                path.write_bytes(content)  # that it was removed had not reached the disk
        for path, synced in self.synced.items():
            if path.exists() and path not in self.named:
                path.unlink()
            elif path.exists():
                data = path.read_bytes()
                kept = draw.randint(min(synced, len(data)), len(data))
                path.write_bytes(data[:kept] + draw.choice([b"", bytes(len(data) - kept)]))


@pytest.mark.parametrize("refused", range(1, OPERATIONS))
def test_the_power_may_go_at_any_operation(refused, tmp_path):
    disk, tables = PowerDisk(refused), MemoryOnce()
    acknowledged = live(tmp_path, tables, disk)
    disk.cut(random.Random(refused))
    check(tmp_path, tables, acknowledged)
