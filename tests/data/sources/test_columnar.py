from __future__ import annotations

import hashlib

import pyarrow as pa
import pytest
from deltalake import write_deltalake
from pyarrow import parquet
from tests.data.sources.reading import Read

from dragoman.data.sources.columnar import DeltaSnapshot, ParquetFile, is_delta_table
from dragoman.errors import InvalidData, NotFound

ROWS = pa.table({"id": ["a", "b", "c"], "age": pa.array([1, None, 3], pa.int32())})


def test_a_parquet_file_keeps_its_types_and_counts_its_rows(tmp_path):
    parquet.write_table(ROWS, tmp_path / "a.parquet", row_group_size=2)
    found = Read(ParquetFile(tmp_path / "a.parquet", "a.parquet"))
    assert found.rows == {1: {"id": "a", "age": 1}, 2: {"id": "b", "age": None}, 3: {"id": "c", "age": 3}}
    assert found.kinds[1] == {"id": "string", "age": "int32"}
    digest = hashlib.sha256((tmp_path / "a.parquet").read_bytes()).hexdigest()
    assert found.source.digests() == {"a.parquet": digest}


@pytest.mark.parametrize("data", [b"", b"id,age\n", b"PAR1" + b"x" * 50 + b"PAR1"])
def test_what_is_no_parquet_is_refused(tmp_path, data):
    (tmp_path / "a.parquet").write_bytes(data)
    with pytest.raises(InvalidData, match=r"a\.parquet is no Parquet file that can be read"):
        Read(ParquetFile(tmp_path / "a.parquet", "a.parquet"))


def test_a_parquet_file_that_is_cut_off_is_refused(tmp_path):
    parquet.write_table(ROWS, tmp_path / "a.parquet")
    whole = (tmp_path / "a.parquet").read_bytes()
    (tmp_path / "a.parquet").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InvalidData):
        Read(ParquetFile(tmp_path / "a.parquet", "a.parquet"))


@pytest.fixture
def table(tmp_path):
    write_deltalake(tmp_path / "t", ROWS)
    write_deltalake(tmp_path / "t", ROWS.slice(0, 1), mode="append")
    return tmp_path / "t"


def test_a_delta_table_is_read_in_its_latest_version(table):
    source = DeltaSnapshot(table, "t")
    assert [row["id"] for row in Read(source).rows.values()].count("a") == 2
    assert list(source.digests()) == ["t@1"]


def test_an_older_version_of_a_delta_table_has_its_own_rows_and_digest(table):
    old, new = DeltaSnapshot(table, "t", version=0), DeltaSnapshot(table, "t")
    assert len(Read(old).rows) == 3
    assert old.digests().keys() == {"t@0"}
    assert old.digests()["t@0"] != new.digests()["t@1"]
    assert old.digests() == DeltaSnapshot(table, "t", version=0).digests()


def test_a_version_that_is_not_there_is_not_found(table):
    with pytest.raises(NotFound, match="t has no version 7"):
        DeltaSnapshot(table, "t", version=7)


def test_a_delta_table_that_lacks_a_file_is_refused(table):
    next(table.glob("*.parquet")).unlink()
    with pytest.raises(InvalidData, match="The Delta table t@1 cannot be read"):
        Read(DeltaSnapshot(table, "t"))


def test_a_folder_is_a_delta_table_if_it_has_a_log(table, tmp_path):
    assert is_delta_table(table)
    assert not is_delta_table(tmp_path)
