from __future__ import annotations

import pyarrow as pa
import pytest
from deltalake import write_deltalake
from pyarrow import parquet
from tests.data.sources.reading import Read

from dragoman.data.sources import CsvDialect, open_source, source_name
from dragoman.errors import InvalidInput, NotFound


@pytest.fixture
def folder(tmp_path):
    """One row in a file of each format, and in a table."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.jsonl").write_text('{"id": "a"}\n')
    (tmp_path / "data" / "b.csv").write_text("id\nb\n")
    (tmp_path / "data" / "c.TSV").write_text("id\tx\nc\t1\n")
    (tmp_path / "data" / "d.txt").write_text("id;x\nd;1\n")
    parquet.write_table(pa.table({"id": ["e"]}), tmp_path / "data" / "e.parquet")
    write_deltalake(tmp_path / "table", pa.table({"id": ["f"]}))
    return tmp_path


def ids(folder, *places, **how):
    source = open_source(places, folder=folder, root=folder, columns={"id": "string"}, **how)
    return [row["id"] for batch, _ in source.batches() for row in batch.to_pylist()], list(source.digests())


def test_the_end_of_a_name_says_what_a_file_is(folder):
    found, names = ids(folder, "data/[abce]*", "table")
    assert found == ["f", "a", "b", "c", "e"]
    assert names == ["table@0", "data/a.jsonl", "data/b.csv", "data/c.TSV", "data/e.parquet"]


def test_a_version_of_a_table_may_be_named(folder):
    write_deltalake(folder / "table", pa.table({"id": ["g"]}), mode="overwrite")
    assert ids(folder, "table@0") == (["f"], ["table@0"])
    with pytest.raises(NotFound):
        ids(folder, "table@9")


def test_a_format_may_be_named(folder):
    assert ids(folder, "data/d.txt", format="csv", dialect=CsvDialect(delimiter=";"))[0] == ["d"]


@pytest.mark.parametrize("how", [{}, {"format": "xml"}])
def test_a_format_that_nobody_knows_is_refused(folder, how):
    with pytest.raises(InvalidInput, match=r"data/d\.txt has no format that is known") as caught:
        ids(folder, "data/d.txt", **how)
    assert "parquet" in caught.value.help


def test_a_pattern_without_files_is_not_found(folder):
    with pytest.raises(NotFound, match=r"No file matches 'data/x\*'"):
        ids(folder, "data/x*")


def test_the_share_of_what_was_read_grows_to_one(folder):
    source = open_source(["data/[abce]*"], folder=folder, root=folder, columns={})
    shares = [source.share() for _ in source.batches()]
    assert shares == sorted(shares)
    assert 0.5 < source.share() <= 1


def test_files_are_called_by_their_path_in_the_workspace(folder):
    assert source_name(folder / "data" / "a.jsonl", folder) == "data/a.jsonl"
    assert source_name(folder / "data", folder / "other") == f"{folder}/data"


def test_problems_name_the_file_as_it_is_called(folder):
    (folder / "data" / "a.jsonl").write_text("{}\nx\n")
    source = open_source(["data/a.jsonl"], folder=folder, root=folder, columns={})
    assert list(Read(source).problems) == ["data/a.jsonl:2"]


def test_what_is_known_is_left_out_and_what_has_changed_since_is_refused(folder):
    source = open_source(["data/[ab]*", "table"], folder=folder, root=folder, columns={})
    known = {name: digest for name, digest in Read(source).source.digests().items() if name != "data/b.csv"}
    assert ids(folder, "data/[ab]*", "table", known=known) == (["b"], ["data/b.csv"])
    (folder / "data" / "a.jsonl").write_text('{"id": "a2"}\n')
    with pytest.raises(InvalidInput, match=r"data/a\.jsonl has changed since it was ingested"):
        ids(folder, "data/*.jsonl", known=known)
