from __future__ import annotations

import os
import random
import re
import signal
import time
from pathlib import Path

import deltalake
import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError
from pyarrow import dataset as ds
from tests.store.children import output_of, start

from dragoman.errors import Conflict, StorageFull, Untrusted
from dragoman.store import tables as tables_module
from dragoman.store.files import FileLock
from dragoman.store.tables import DeltaTables

APPEND_FOR_EVER = """
import itertools, pathlib, sys
import pyarrow
from dragoman.store.tables import DeltaTables
tables = DeltaTables(pathlib.Path(sys.argv[1]))
first = 0 if tables.latest("log") is None else tables.latest("log") + 1
for number in itertools.count(first):
    print(tables.append("log", pyarrow.table({"number": [number]})), flush=True)
"""

APPEND_TEN = """
import pathlib, sys
import pyarrow
from dragoman.store.tables import DeltaTables
tables = DeltaTables(pathlib.Path(sys.argv[1]))
print(*(tables.append("log", pyarrow.table({"number": [number]})) for number in range(10)))
"""

MODULES_OF_A_STORE = """
import pathlib, sys
import dragoman.store.blobs, dragoman.store.memory
from dragoman.store.tables import DeltaTables
DeltaTables(pathlib.Path("nowhere"))
print(*sorted({"pyarrow", "deltalake", "sqlalchemy"} & set(sys.modules)))
"""


def rows(*numbers: int) -> pa.Table:
    return pa.table({"number": pa.array(numbers, pa.int64())})


def rows_of_day(day: int) -> pa.Table:
    return rows(1, 2).append_column("day", pa.array([day, day]))


def test_other_programs_can_read_a_table(tmp_path: Path) -> None:
    DeltaTables(tmp_path).overwrite("examples", rows(1, 2))
    assert DeltaTable(tmp_path / "examples").to_pyarrow_table().equals(rows(1, 2))


def test_a_version_stays_readable_after_its_log_expires(tmp_path: Path) -> None:
    tables = DeltaTables(tmp_path)
    for number in range(3):
        tables.overwrite("examples", rows(number))
    make_older(tmp_path / "examples" / "_delta_log", days=90)
    table = DeltaTable(tmp_path / "examples")
    table.create_checkpoint()
    table.cleanup_metadata()
    assert [tables.read("examples", version=number) for number in range(3)] == [rows(0), rows(1), rows(2)]


def make_older(log: Path, *, days: int) -> None:
    def earlier(found: re.Match[str]) -> str:
        return f'"timestamp":{int(found[1]) - days * 86_400_000}'

    for entry in log.iterdir():
        text = re.sub(r'"timestamp":(\d+)', earlier, entry.read_text())
        entry.write_text(text)
        os.utime(entry, (time.time() - days * 86_400,) * 2)


def test_files_beside_the_tables_are_not_tables(tmp_path: Path) -> None:
    (tmp_path / "half" / "_delta_log").mkdir(parents=True)
    (tmp_path / "file").touch()
    tables = DeltaTables(tmp_path)
    tables.overwrite("examples", rows(1))
    assert tables.names() == ["examples"]
    assert tables.overwrite("half", rows(1)) == 0


@pytest.mark.parametrize(
    ("error", "expected", "message"),
    [
        (DeltaError("LocalFileSystem error: No space left on device (os error 28)"), StorageFull, "No space left"),
        (OSError(28, "No space left on device"), StorageFull, "No space left"),
        (CommitFailedError("a concurrent transaction deleted data"), Conflict, "changed the table 'examples'"),
    ],
)
def test_a_failed_write_leaves_the_old_version(
    error: Exception, expected: type[Exception], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    tables = DeltaTables(tmp_path)
    tables.overwrite("examples", rows(1))
    monkeypatch.setattr(deltalake, "write_deltalake", fail)
    for write in (tables.overwrite, tables.append):
        with pytest.raises(expected, match=message):
            write("examples", rows(2))
    assert tables.read("examples").equals(rows(1))


def test_a_foreign_write_in_between_is_kept(tmp_path: Path) -> None:
    tables = DeltaTables(tmp_path)
    tables.overwrite("examples", rows(1))
    write_deltalake(tmp_path / "examples", rows(2), mode="append")
    assert tables.append("examples", rows(3)) == 2
    assert sorted(tables.read("examples")["number"].to_pylist()) == [1, 2, 3]


@pytest.mark.parametrize("pattern", ["*.parquet", "_delta_log/*.json"])
@pytest.mark.parametrize("content", [b"", b"damaged", bytes(1000)])
def test_a_damaged_table_is_not_trusted(pattern: str, content: bytes, tmp_path: Path) -> None:
    tables = DeltaTables(tmp_path)
    tables.overwrite("examples", rows(1))
    next((tmp_path / "examples").glob(pattern)).write_bytes(content)
    with pytest.raises(Untrusted, match="'examples' cannot be read"):
        tables.read("examples")


def test_a_table_without_its_data_is_not_trusted(tmp_path: Path) -> None:
    tables = DeltaTables(tmp_path)
    tables.overwrite("examples", rows(1))
    next((tmp_path / "examples").glob("*.parquet")).unlink()
    with pytest.raises(Untrusted, match="'examples' cannot be read"):
        tables.read("examples")


def test_a_table_that_stays_locked_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables_module, "LOCK_SECONDS", 0.05)
    tables = DeltaTables(tmp_path)
    with FileLock(tmp_path / "examples.lock"), pytest.raises(Conflict, match=f"held by process {os.getpid()}"):
        tables.append("examples", rows(1))
    assert tables.names() == []


def test_rows_with_a_number_are_appended_once(tmp_path: Path) -> None:
    tables = DeltaTables(tmp_path)
    added = [
        tables.append_once("log", rows(number), app=app, number=number)
        for app, number in [("a", 1), ("a", 1), ("b", 1), ("a", 3), ("a", 2), ("a", 4)]
    ]
    assert added == [True, False, True, True, False, True]
    assert sorted(tables.read("log")["number"].to_pylist()) == [1, 1, 3, 4]


def test_a_number_without_rows_is_done(tmp_path: Path) -> None:
    tables = DeltaTables(tmp_path)
    assert tables.append_once("log", rows(), app="a", number=1)
    assert not tables.append_once("log", rows(1), app="a", number=1)
    assert tables.read("log").num_rows == 0


def test_rows_appended_once_are_synced_with_their_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    monkeypatch.setattr(
        tables_module, "_sync", lambda path: synced.append(path.relative_to(tmp_path / "log").as_posix())
    )
    tables = DeltaTables(tmp_path)
    for number in (1, 2):
        tables.append_once("log", rows_of_day(number), app="a", number=number, partition_by=["day"])
        assert {".", "_delta_log", f"_delta_log/{number - 1:020}.json", f"day={number}"} < set(synced)
        assert any(re.match(rf"day={number}/.*parquet", path) for path in synced)


def test_a_commit_of_a_killed_process_is_synced_by_who_asks_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = DeltaTables(tmp_path)
    for number in (1, 2):
        tables.append_once("log", rows(number), app="a", number=number)
    synced: list[Path] = []
    monkeypatch.setattr(tables_module, "_sync", synced.append)
    assert not tables.append_once("log", rows(1), app="a", number=1)
    assert tmp_path / "log" / "_delta_log" / f"{0:020}.json" in synced


def test_an_old_commit_whose_files_are_gone_is_done(tmp_path: Path) -> None:
    tables = DeltaTables(tmp_path)
    tables.append_once("log", rows_of_day(1), app="a", number=1, partition_by=["day"])
    tables.append_once("log", rows_of_day(1), app="a", number=2)
    table = DeltaTable(tmp_path / "log")
    table.optimize.compact()
    table.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)
    assert not tables.append_once("log", rows_of_day(1), app="a", number=1)
    assert tables.read("log").num_rows == 4


def test_columns_that_are_new_are_added(tmp_path: Path) -> None:
    tables = DeltaTables(tmp_path)
    tables.append_once("log", rows(1), app="a", number=1)
    tables.append_once("log", rows(2).append_column("word", pa.array(["two"])), app="a", number=2)
    tables.append_once("log", rows(3), app="a", number=3)
    found = tables.read("log").sort_by("number")
    assert found.to_pydict() == {"number": [1, 2, 3], "word": [None, "two", None]}


def test_nothing_is_appended_once_to_a_damaged_table(tmp_path: Path) -> None:
    tables = DeltaTables(tmp_path)
    tables.append_once("log", rows(1), app="a", number=1)
    next((tmp_path / "log" / "_delta_log").glob("*.json")).write_bytes(b"")
    with pytest.raises(Untrusted, match="'log' cannot be read"):
        tables.append_once("log", rows(2), app="a", number=2)


def test_a_full_disk_is_said_when_appending_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise DeltaError("LocalFileSystem error: No space left on device (os error 28)")

    monkeypatch.setattr(deltalake, "write_deltalake", fail)
    with pytest.raises(StorageFull, match="No space left"):
        DeltaTables(tmp_path).append_once("log", rows(1), app="a", number=1)


def test_parts_of_a_table_come_from_the_highest_on(tmp_path: Path) -> None:
    tables = DeltaTables(tmp_path)
    table = pa.table({"number": [1, 2, 3, 4, 5], "day": ["a", "b", "a", None, "b"]})
    tables.append_once("log", table, app="a", number=1, partition_by=["day"])
    assert [part["number"].to_pylist() for part in tables.read_parts("log", by="day")] == [[2, 5], [1, 3], [4]]
    wanted = tables.read_parts("log", by="day", wanted=ds.field("number") < 3)
    assert [part["number"].to_pylist() for part in wanted if len(part)] == [[2], [1]]
    assert list(tables.read_parts("other", by="day")) == []


def test_a_damaged_part_is_not_trusted(tmp_path: Path) -> None:
    tables = DeltaTables(tmp_path)
    tables.append_once("log", rows_of_day(1), app="a", number=1, partition_by=["day"])
    next((tmp_path / "log").glob("*/*.parquet")).unlink()
    with pytest.raises(Untrusted, match="'log' cannot be read"):
        list(tables.read_parts("log", by="day"))


def test_processes_that_append_at_once_lose_nothing(tmp_path: Path) -> None:
    children = [start(APPEND_TEN, tmp_path) for _ in range(2)]
    outputs = [child.communicate(timeout=60)[0].split() for child in children]
    assert [child.returncode for child in children] == [0, 0]
    assert sorted(int(version) for output in outputs for version in output) == list(range(20))
    assert sorted(DeltaTables(tmp_path).read("log")["number"].to_pylist()) == sorted([*range(10), *range(10)])


def test_a_killed_writer_leaves_a_whole_version(tmp_path: Path) -> None:
    tables, draw = DeltaTables(tmp_path), random.Random(0)
    for _ in range(3):
        with start(APPEND_FOR_EVER, tmp_path) as child:
            answered = int(child.stdout.readline())
            time.sleep(draw.uniform(0, 0.1))
            child.send_signal(signal.SIGKILL)
            answered = max([answered, *map(int, re.findall(r"(\d+)\n", child.stdout.read()))])
        latest = tables.latest("log")
        assert latest is not None
        assert answered <= latest <= answered + 1
        assert sorted(tables.read("log")["number"].to_pylist()) == list(range(latest + 1))


def test_naming_a_store_imports_nothing_heavy() -> None:
    assert output_of(MODULES_OF_A_STORE).strip() == ""
