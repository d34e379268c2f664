from __future__ import annotations

import os
import time
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable
from tests.store.children import start

from dragoman.errors import Conflict, StorageFull, Untrusted
from dragoman.store import tables as tables_module
from dragoman.store.files import FileLock
from dragoman.store.tables import DeltaTables

FIRST, SECOND = date(2026, 3, 1), date(2026, 3, 2)

APPEND_TWENTY = """
import datetime, pathlib, sys
import pyarrow
from dragoman.store.tables import DeltaTables
tables = DeltaTables(pathlib.Path(sys.argv[1]))
for number in range(1, 21):
    rows = pyarrow.table({"number": [number], "date": [datetime.date(2026, 3, 1)]})
    tables.append_once("log", rows, app="child", number=number, partition_by=["date"])
print("done")
"""


@pytest.fixture
def tables(tmp_path: Path) -> DeltaTables:
    """A table `log` with three files of each of two days, and a table `labels` with three."""
    made = DeltaTables(tmp_path)
    for number in (1, 2, 3):
        for day in (FIRST, SECOND):
            add(made, number, day)
        made.append("labels", pa.table({"number": [number]}))
    return made


def add(tables: DeltaTables, number: int, day: date) -> bool:
    row = pa.table({"number": [number], "date": [day]})
    if number == 3:
        row = row.append_column("later", pa.array(["a column that was added"]))
    return tables.append_once("log", row, app=f"writer-{day}", number=number, partition_by=["date"])


def numbers(tables: DeltaTables, name: str = "log") -> list[int]:
    return sorted(tables.read(name)["number"].to_pylist())


def files(tables: DeltaTables, name: str = "log") -> list[str]:
    return DeltaTable(tables.root / name).file_uris()


def make_older(folder: Path, *, hours: float) -> None:
    for path in folder.rglob("*.parquet"):
        os.utime(path, (time.time() - hours * 3_600,) * 2)


def test_compaction_makes_one_file_of_many_and_keeps_every_row(tables: DeltaTables) -> None:
    done = tables.compact("log")
    assert (done.merged, done.made, len(files(tables))) == (6, 2, 2)
    assert numbers(tables) == [1, 1, 2, 2, 3, 3]
    assert tables.read("log")["later"].to_pylist().count("a column that was added") == 2


def test_only_days_that_are_over_are_compacted(tables: DeltaTables) -> None:
    assert tables.compact("log", before=SECOND).merged == 3
    assert len([path for path in files(tables) if "2026-03-02" in path]) == 3


def test_rows_that_were_added_once_are_not_added_again_after_compaction(tables: DeltaTables) -> None:
    tables.compact("log")
    DeltaTable(tables.root / "log").create_checkpoint()
    assert [add(tables, number, FIRST) for number in (1, 2, 3, 4)] == [False, False, False, True]


def test_a_table_without_partitions_is_compacted_whole(tables: DeltaTables) -> None:
    assert tables.compact("labels", before=SECOND)[:2] == (3, 1)
    assert numbers(tables, "labels") == [1, 2, 3]


def test_compacting_again_changes_nothing(tables: DeltaTables) -> None:
    tables.compact("log")
    before = files(tables)
    assert tables.compact("log") == (0, 0, 0)
    assert files(tables) == before


def test_a_table_that_is_not_there_is_left_alone(tmp_path: Path) -> None:
    assert DeltaTables(tmp_path).compact("log") == (0, 0, 0)
    assert not any(tmp_path.iterdir())


def test_whoever_reads_the_version_before_goes_on(tables: DeltaTables) -> None:
    reading = tables.dataset("log")
    make_older(tables.root / "log", hours=1_000)
    tables.compact("log")
    assert reading.count_rows() == 6


def test_files_are_removed_when_no_version_of_the_last_hours_has_them(tables: DeltaTables) -> None:
    assert tables.compact("log").removed == 0
    assert tables.compact("log", keep_hours=0).removed == 6
    assert len(list((tables.root / "log").rglob("date=*/*.parquet"))) == 2
    assert numbers(tables) == [1, 1, 2, 2, 3, 3]


def test_a_file_that_a_writer_has_not_committed_yet_stays(tables: DeltaTables) -> None:
    written = tables.root / "log" / "date=2026-03-01" / "part-of-a-commit-to-come.parquet"
    written.write_bytes(b"rows")
    tables.compact("log")
    assert written.exists()


def test_compaction_beside_a_writer_loses_no_row(tmp_path: Path) -> None:
    tables = DeltaTables(tmp_path)
    with start(APPEND_TWENTY, tmp_path) as writer:
        while writer.poll() is None:
            tables.compact("log")
        assert writer.communicate()[0] == "done\n"
    tables.compact("log")
    assert numbers(tables) == list(range(1, 21))


def test_compaction_waits_for_its_turn(tables: DeltaTables, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables_module, "LOCK_SECONDS", 0.0)
    with FileLock(tables.root / "log.lock"), pytest.raises(Conflict, match=r"log\.lock"):
        tables.compact("log")


def test_a_missing_file_is_said_and_nothing_is_changed(tables: DeltaTables) -> None:
    next((tables.root / "log" / "date=2026-03-01").iterdir()).unlink()
    before = files(tables)
    with pytest.raises(Untrusted, match="its files were changed"):
        tables.compact("log", before=SECOND)
    assert files(tables) == before


def test_a_full_disk_leaves_the_table_as_it_was(tables: DeltaTables, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_space(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tables_module, "compact_part", no_space)
    with pytest.raises(StorageFull):
        tables.compact("log")
    assert numbers(tables) == [1, 1, 2, 2, 3, 3]
