from __future__ import annotations

import csv
import hashlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.data.sources.reading import Read

from dragoman.data.sources import CsvDialect
from dragoman.data.sources import blocks as blocks_module
from dragoman.data.sources.csv import CsvFile
from dragoman.errors import InvalidData, InvalidInput


def read(folder, data: bytes, **dialect) -> Read:
    (folder / "a.csv").write_bytes(data)
    return Read(CsvFile(folder / "a.csv", "a.csv", dialect=CsvDialect(**dialect)))


def test_the_first_row_names_the_columns_and_every_value_is_text(tmp_path):
    found = read(tmp_path, b"id,age\na,3\nb,04\n")
    assert found.rows == {2: {"id": "a", "age": "3"}, 3: {"id": "b", "age": "04"}}
    assert found.kinds[2] == {"id": "string", "age": "string"}
    assert found.source.digests() == {"a.csv": hashlib.sha256(b"id,age\na,3\nb,04\n").hexdigest()}


def test_an_empty_field_is_no_value_and_quotes_make_the_empty_text(tmp_path):
    assert read(tmp_path, b'id,text\na,\nb,""\n').rows == {2: {"id": "a", "text": None}, 3: {"id": "b", "text": ""}}


def test_rows_with_quoted_line_feeds_stand_where_they_begin(tmp_path):
    found = read(tmp_path, b'id,text\na,"1\n2\n3"\nb,x\nc,"say ""hi"", ok"\n')
    assert found.rows[2] == {"id": "a", "text": "1\n2\n3"}
    assert found.rows[5] == {"id": "b", "text": "x"}
    assert found.rows[6] == {"id": "c", "text": 'say "hi", ok'}


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (b"a", "1 fields, and 2 columns"),
        (b"a,b,c", "3 fields, and 2 columns"),
        (b"", "an empty line"),
        (b'a,5" pipe', "a quote in a field without quotes at character 4; the row has 2 lines"),
        (b'a,5" 6"', "a quote in a field without quotes at character 4"),
        (b'a,"x" y', "something follows the closing quote at character 6"),
        (b"a,x\ry", "a carriage return in a field without quotes at character 4"),
        (b"a,\xff", "not UTF-8: byte 0xff at byte 3 of the row"),
    ],
)
def test_a_row_that_is_none_is_refused_with_its_place(tmp_path, row, why):
    found = read(tmp_path, b"id,text\n1,one\n" + row + b"\n2,two\n")
    assert found.problems == {"a.csv:3": why}
    assert found.rows[2] == {"id": "1", "text": "one"}


def test_a_quote_that_is_never_closed_is_named_where_it_opens(tmp_path):
    found = read(tmp_path, b'id,text\n1,one\n2,"two\n3,three\n')
    assert found.problems == {"a.csv:3": "the quote at character 3 is never closed; the row has 2 lines"}
    assert list(found.rows) == [2]


def test_a_file_without_a_last_line_feed_is_whole(tmp_path):
    assert read(tmp_path, b"id\na").rows == {2: {"id": "a"}}


def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path):
    found = read(tmp_path, b'\xef\xbb\xbfid,text\r\na,x\r\nb,"y\r\nz"\r\nc,w\r\n')
    assert found.rows == {2: {"id": "a", "text": "x"}, 3: {"id": "b", "text": "y\r\nz"}, 5: {"id": "c", "text": "w"}}


def test_a_dialect_may_differ(tmp_path):
    found = read(
        tmp_path, "a;'it''s; ü'\n".encode("cp1252"), delimiter=";", quote="'", encoding="cp1252", names=("id", "t")
    )
    assert found.rows == {1: {"id": "a", "t": "it's; ü"}}


def test_utf_16_is_read_when_it_is_named(tmp_path):
    assert read(tmp_path, "id,t\na,日本\n".encode("utf-16"), encoding="utf-16").rows == {2: {"id": "a", "t": "日本"}}


def test_what_the_encoding_has_not_is_refused_with_its_line(tmp_path):
    with pytest.raises(InvalidData, match=r"a\.csv:3: not cp1252: byte 0x81"):
        read(tmp_path, b"id\na\n\x81\n", encoding="cp1252")


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (b"id,id\n", r"a\.csv:1: two columns are called 'id'"),
        (b"id,\n", r"a\.csv:1: column 2 has no name"),
        (b'"id\n', r"a\.csv:1: the quote at character 1 is never closed"),
        (b"\nid\n", r"a\.csv:1: an empty line"),
        (b"", r"a\.csv is empty"),
        (b"PK\x03\x04", "a ZIP or Excel file"),
    ],
)
def test_a_file_without_names_of_columns_is_refused(tmp_path, header, message):
    with pytest.raises(InvalidData, match=message):
        read(tmp_path, header)


def test_a_header_alone_has_no_rows(tmp_path):
    assert read(tmp_path, b"id,text\n").rows == {}


@pytest.mark.parametrize(
    "wrong",
    [
        {"delimiter": ""},
        {"delimiter": "\n"},
        {"quote": ","},
        {"encoding": "utf-9"},
        {"encoding": "hex"},
        {"names": ("a", "a")},
    ],
)
def test_a_dialect_that_cannot_be_is_refused(wrong):
    with pytest.raises(InvalidInput):
        CsvDialect(**wrong)


def test_rows_that_cross_blocks_are_whole_and_in_their_lines(tmp_path, monkeypatch):
    monkeypatch.setattr(blocks_module, "BLOCK_BYTES", 50)
    data = "id,text\n" + "".join(f'{number},"a\nb{number}"\n' for number in range(40))
    found = read(tmp_path, data.encode())
    assert {line: row["text"] for line, row in found.rows.items()} == {2 * n + 2: f"a\nb{n}" for n in range(40)}


FIELDS = st.text(alphabet='ab,"\n\r ;é', max_size=5)


@given(st.lists(st.tuples(FIELDS, FIELDS, FIELDS), min_size=1, max_size=8), st.sampled_from(["\n", "\r\n"]))
def test_what_a_writer_wrote_is_read_back(tmp_path_factory, rows, end):
    page = io.StringIO()
    writer = csv.writer(page, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerows([("x", "y", "z"), *rows])
    found = read(tmp_path_factory.mktemp("any"), page.getvalue().encode())
    assert found.problems == {}
    assert [tuple(row.values()) for _, row in sorted(found.rows.items())] == rows


@given(st.binary(max_size=40).map(lambda noise: bytes(b'a,"\n\r\xc3\xa9'[one % 7] for one in noise)))
def test_the_fast_way_reads_what_the_slow_way_reads(tmp_path_factory, noise):
    folder, data = tmp_path_factory.mktemp("both"), b"x,y\n1,2\n" + noise
    fast, slow = read(folder, data), None
    path = folder / "a.csv"
    source = CsvFile(path, "a.csv", dialect=CsvDialect())
    source._is_plain = lambda block, ends: False
    slow = Read(source)
    assert (fast.rows, fast.problems) == (slow.rows, slow.problems)
