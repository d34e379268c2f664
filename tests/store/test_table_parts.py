from __future__ import annotations

import pyarrow as pa
import pytest
from pyarrow import parquet

from dragoman.errors import Conflict, InvalidInput, StorageFull
from dragoman.store import table_parts
from dragoman.store.table_parts import Part, is_committed, part_name, remove_parts
from dragoman.store.tables import DeltaTables

ROWS = pa.table({"id": ["a", "b"], "n": [1, 2]})


@pytest.fixture
def tables(tmp_path):
    return DeltaTables(tmp_path / "tables")


def parts(tables: DeltaTables, mark: str, table: pa.Table = ROWS) -> list[Part]:
    folder = tables.root.parent / "staged"
    folder.mkdir(exist_ok=True)
    path = folder / part_name(0, mark)
    parquet.write_table(table, path)
    return [Part(path, len(table))]


def add(tables: DeltaTables, mark: str, **how) -> int:
    return tables.add_parts("t", parts(tables, mark), ROWS.schema, **{"mode": "append", **how})


def test_files_become_rows_of_a_new_table(tables):
    assert add(tables, "m1") == 0
    assert tables.read("t").to_pylist() == ROWS.to_pylist()
    assert [path.name for path in (tables.root / "t").glob("*.parquet")] == ["part-00000-m1.parquet"]


def test_files_are_added_or_replace_all_and_old_versions_stay(tables):
    assert [add(tables, "m1"), add(tables, "m2"), add(tables, "m3", mode="overwrite")] == [0, 1, 2]
    assert [len(tables.read("t", version=number)) for number in range(3)] == [2, 4, 2]
    assert tables.dataset("t", version=1).count_rows() == 4


def test_a_replacement_may_have_other_columns(tables):
    add(tables, "m1")
    other = pa.table({"x": [True]})
    tables.add_parts("t", parts(tables, "m2", other), other.schema, mode="overwrite")
    assert (tables.read("t").column_names, tables.read("t", version=0).column_names) == (["x"], ["id", "n"])


def test_rows_of_tables_written_otherwise_are_added_to(tables):
    tables.overwrite("t", ROWS)
    assert add(tables, "m1") == 1
    assert tables.append("t", ROWS) == 2
    assert len(tables.read("t")) == 6


def test_what_an_app_has_added_is_not_added_again(tables):
    assert [add(tables, mark, app="x") for mark in ("m1", "m2")] == [0, 0]
    assert add(tables, "m3", app="y") == 1
    assert (tables.root.parent / "staged" / part_name(0, "m2")).exists()


def test_a_table_that_has_gone_on_is_not_written(tables):
    add(tables, "m1", after=-1)
    with pytest.raises(Conflict, match="Another program changed the table 't' meanwhile"):
        add(tables, "m2", after=-1)
    assert add(tables, "m3", after=0) == 1


def test_a_name_that_no_table_may_have_is_refused(tables):
    with pytest.raises(InvalidInput):
        tables.add_parts("Upper", parts(tables, "m1"), ROWS.schema, mode="append")


def test_a_full_disk_is_an_error_of_its_own(tables, monkeypatch):
    def full(path):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(table_parts, "sync_path", full)
    with pytest.raises(StorageFull):
        add(tables, "m1")


def test_parts_are_found_in_the_commits_after_a_version(tables):
    folder = tables.root / "t"
    assert not is_committed(folder, "m1", after=-1)
    add(tables, "m1"), add(tables, "m2")
    assert is_committed(folder, "m1", after=-1)
    assert not is_committed(folder, "m1", after=0)
    assert is_committed(folder, "m2", after=0)


def test_parts_without_a_commit_are_removed_and_others_stay(tables):
    folder = tables.root / "t"
    add(tables, "m1")
    (folder / part_name(0, "m2")).touch()
    remove_parts(folder, "m2")
    assert len(tables.read("t")) == 2
    assert not (folder / part_name(0, "m2")).exists()


def test_a_folder_of_parts_only_is_removed_with_them(tables):
    folder = tables.root / "t"
    folder.mkdir(parents=True)
    (folder / part_name(0, "m2")).touch()
    remove_parts(folder, "m2")
    assert not folder.exists()
