from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.data.sources.reading import Read

from dragoman.data.sources import blocks as blocks_module
from dragoman.data.sources.jsonl import JsonlFile
from dragoman.errors import InvalidData, NotFound

COLUMNS = {"text": "string", "age": "integer", "score": "number", "ok": "boolean", "at": "time"}
GOOD = {"text": "Grüße\u2028", "age": 3, "score": 0.5, "ok": True, "at": "2026-01-02"}


def read(folder: Path, data: bytes, columns: dict[str, Any] = COLUMNS) -> Read:
    path = folder / "data.jsonl"
    path.write_bytes(data)
    return Read(JsonlFile(path, "data.jsonl", columns=columns))


def lines(*rows: Any) -> bytes:
    return b"".join(
        (row if isinstance(row, bytes) else json.dumps(row, ensure_ascii=False).encode()) + b"\n" for row in rows
    )


def test_values_are_read_as_the_columns_say_and_times_as_text(tmp_path):
    found = read(tmp_path, lines(GOOD, GOOD))
    assert found.rows == {1: GOOD, 2: GOOD}
    assert found.kinds[1] == {"text": "string", "age": "int64", "score": "double", "ok": "bool", "at": "string"}
    assert found.source.digests() == {"data.jsonl": hashlib.sha256(lines(GOOD, GOOD)).hexdigest()}


def test_a_value_of_another_kind_keeps_its_kind_and_its_line(tmp_path):
    found = read(tmp_path, lines(GOOD, {**GOOD, "age": "3"}, {**GOOD, "text": 7}, GOOD, {**GOOD, "text": {"a": 1}}))
    assert sorted(found.rows) == [1, 2, 3, 4, 5]
    assert (found.kinds[2]["age"], found.kinds[3]["text"], found.kinds[4]["text"]) == ("string", "int64", "string")
    assert found.kinds[5]["text"] == "list<item: string>"


def test_a_column_that_no_row_names_is_not_there(tmp_path):
    found = read(tmp_path, lines({"text": "a"}, {"text": None}))
    assert found.kinds[2] == {"text": "string"}
    assert found.rows == {1: {"text": "a"}, 2: {"text": None}}


def test_texts_that_look_like_times_stay_texts(tmp_path):
    found = read(tmp_path, lines({"when": "2026-01-02"}, {"when": "2026-01-03"}), columns={})
    assert found.rows[2] == {"when": "2026-01-03"}


def test_integers_of_any_size_in_a_column_of_numbers_are_numbers(tmp_path):
    found = read(tmp_path, lines({"score": 1}, {"score": 2**70}, {"score": 10**400}), columns={"score": "number"})
    assert [row["score"] for row in found.rows.values()] == [1.0, 2.0**70, float("inf")]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"null", "not a JSON object but null"),
        (b"", "an empty line"),
        (b'{"text": NaN}', "not JSON: NaN is no number there"),
        (b'{"text": "a"}{"text": "b"}', "not JSON: Extra data at character 14"),
        (b'{"text": "a", "text": "b"}', 'the field "text" twice'),
        (b'{"text": "\xff"}', "not UTF-8: byte 0xff at byte 11 of the line"),
        (b'{"text": "\\ud800"}', '"text" has a lone surrogate, \\ud800, at character 1'),
        (b'{"text": ["\\ud800"]}', '"text" has a lone surrogate, \\ud800, at character 1'),
        (b'{"text": "a"', "not JSON: Expecting ',' delimiter at character 13"),
        (b'{"text": ' + b"[" * 100_000, "not JSON that can be read: too deeply nested"),
    ],
)
def test_a_line_that_is_no_object_is_refused_with_its_place(tmp_path, line, why):
    found = read(tmp_path, lines(GOOD, line, GOOD))
    assert found.problems == {"data.jsonl:2": why}
    assert sorted(found.rows) == [1, 3]


def test_without_somebody_to_tell_the_first_bad_line_ends_it(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(lines(GOOD, b"{"))
    with pytest.raises(InvalidData, match=r"a\.jsonl:2: not JSON"):
        list(JsonlFile(tmp_path / "a.jsonl", "a.jsonl", columns=COLUMNS).batches())


def test_a_byte_order_mark_is_refused(tmp_path):
    assert "byte order mark" in read(tmp_path, b"\xef\xbb\xbf" + lines(GOOD)).problems["data.jsonl:1"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "data.jsonl is empty"),
        (b"PAR1\0\0", "data.jsonl is a Parquet file, not text"),
        (b"\x1f\x8b\x08", "data.jsonl is compressed with gzip, not text"),
        (b"\x7fELF\0\0", "data.jsonl is not text: byte 4 is 0"),
        (b"\xff\xfe{\0", "data.jsonl is UTF-16"),
    ],
)
def test_a_file_that_is_no_text_is_refused_as_a_whole(tmp_path, data, message):
    with pytest.raises(InvalidData, match=message):
        read(tmp_path, data)


def test_a_missing_file_is_not_found(tmp_path):
    with pytest.raises(NotFound, match=r"There is no file a\.jsonl"):
        Read(JsonlFile(tmp_path / "a.jsonl", "a.jsonl", columns={}))


def test_lines_are_counted_over_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr(blocks_module, "BLOCK_BYTES", 64)
    found = read(tmp_path, lines(*({"text": f"t{number}"} for number in range(1, 51)), b"[]", {"text": "t52"}))
    assert {line: row["text"] for line, row in found.rows.items()} == {n: f"t{n}" for n in range(1, 53) if n != 51}
    assert list(found.problems) == ["data.jsonl:51"]
    assert found.source.share() == 1.0


def test_a_row_without_end_is_refused_before_it_fills_the_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(blocks_module, "BLOCK_BYTES", 64)
    monkeypatch.setattr(blocks_module, "LONGEST_ROW", 1_000)
    with pytest.raises(InvalidData, match=r"data\.jsonl:2: a row of more than"):
        read(tmp_path, lines(GOOD) + b"x" * 2_000)


def test_windows_line_ends_are_read(tmp_path):
    assert read(tmp_path, lines(GOOD, GOOD).replace(b"\n", b"\r\n")).rows == {1: GOOD, 2: GOOD}


def test_objects_without_fields_are_rows(tmp_path):
    source = JsonlFile(tmp_path / "a.jsonl", "a.jsonl", columns={"text": "string"})
    (tmp_path / "a.jsonl").write_bytes(b"{}\n{}\n")
    assert [batch.num_rows for batch, _ in source.batches()] == [2]


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**65), 2**65),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=6),
    st.sampled_from(["2026-01-02", "{", '"', "12", "\\", "NaN"]),
    st.lists(st.integers(), max_size=2),
)
ROWS = st.lists(st.dictionaries(st.sampled_from([*COLUMNS, "x", "when"]), VALUES, max_size=5), min_size=1, max_size=6)


@given(ROWS, st.booleans())
def test_no_value_is_lost_or_changed_whichever_way_it_is_read(tmp_path_factory, rows, is_ascii):
    data = "".join(json.dumps(row, ensure_ascii=is_ascii) + "\n" for row in rows).encode("utf-8", "surrogatepass")
    found = read(tmp_path_factory.mktemp("any"), data)
    assert found.problems == {}
    for line, row in enumerate(rows, start=1):
        for name, value in row.items():
            assert same(found.rows[line].get(name), value, is_number=name == "score")


def same(given: Any, value: Any, *, is_number: bool) -> bool:
    if isinstance(value, list):
        return given in (json.dumps(value), [json.dumps(value)])
    if isinstance(value, int) and not isinstance(value, bool):
        return given == (float(value) if is_number else value if -(2**63) <= value < 2**63 else str(value))
    return given == value and type(given) is type(value)


@given(st.binary(max_size=60), st.booleans())
def test_any_bytes_are_read_as_json_reads_them_or_refused(tmp_path_factory, noise, is_line):
    data = lines({"text": "a"}) + (b'{"text": ' + noise + b"}" if is_line else noise)
    if b"\0" in data:
        return
    found = read(tmp_path_factory.mktemp("noise"), data)
    for line in range(1, data.removesuffix(b"\n").count(b"\n") + 2):
        assert (line in found.rows) != (f"data.jsonl:{line}" in found.problems)


def test_a_block_of_many_rows_is_one_batch(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(lines(*[GOOD] * 1_000))
    (only,) = JsonlFile(tmp_path / "a.jsonl", "a.jsonl", columns=COLUMNS).batches()
    assert isinstance(only.batch, pa.RecordBatch)
    assert only.place.lines is None
