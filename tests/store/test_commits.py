from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from dragoman.errors import Untrusted
from dragoman.store.commits import has_commit
from dragoman.store.tables import DeltaTables


@pytest.fixture
def tables(tmp_path: Path) -> DeltaTables:
    tables = DeltaTables(tmp_path)
    for number in range(3):
        tables.append("labels", pa.table({"id": [f"{number}", f"{number}b"]}))
    return tables


def ids(tables: DeltaTables, version: int) -> list[str]:
    found = tables.added("labels", version)
    assert found is not None
    return found["id"].to_pylist() if found.num_columns else []


def test_a_version_has_the_rows_that_it_added(tables: DeltaTables) -> None:
    assert [ids(tables, version) for version in range(3)] == [["0", "0b"], ["1", "1b"], ["2", "2b"]]


def test_a_version_that_is_not_there_added_nothing_yet(tables: DeltaTables) -> None:
    assert (tables.added("labels", 3), tables.added("nothing", 0)) == (None, None)
    assert (has_commit(tables.root / "labels", 2), has_commit(tables.root / "labels", 3)) == (True, False)


def test_rows_that_were_moved_to_other_files_are_not_added(tables: DeltaTables) -> None:
    DeltaTable(tables.root / "labels").optimize.compact()

    assert (tables.latest("labels"), ids(tables, 3)) == (3, [])


def test_rows_that_replace_others_are_added(tables: DeltaTables) -> None:
    tables.overwrite("labels", pa.table({"id": ["9"]}))

    assert ids(tables, 3) == ["9"]


def test_files_that_are_gone_are_told(tables: DeltaTables) -> None:
    for path in (tables.root / "labels").glob("*.parquet"):
        path.unlink()

    with pytest.raises(Untrusted, match="'labels' cannot be read"):
        tables.added("labels", 1)
