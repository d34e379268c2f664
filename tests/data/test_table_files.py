from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dragoman.data.table_files import read_table
from dragoman.data.typed_texts import typed_texts
from dragoman.errors import InvalidData

CSV = "age,plan,active,zip,left\n41,gold,true,01234,1\n,free,False,98765,0\n"


def read(folder: Path, files: dict[str, str], **options: object) -> pa.Table:
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return read_table([folder / name for name in files], root=folder, **options)  # type: ignore[arg-type]


def test_columns_of_csv_have_the_types_of_their_values(tmp_path: Path) -> None:
    table = read(tmp_path, {"a.csv": CSV}, texts=["left"])
    assert [str(field.type) for field in table.schema] == ["int64", "string", "bool", "string", "string"]
    assert table.to_pylist()[1] == {"age": None, "plan": "free", "active": False, "zip": "98765", "left": "0"}


def test_types_are_those_of_all_files_together(tmp_path: Path) -> None:
    table = read(tmp_path, {"a.csv": "x,y\n1,2\n", "b.csv": "x\n1.5\n"})
    assert str(table.schema.field("x").type) == "double"
    assert table.to_pydict() == {"x": [1.0, 1.5], "y": [2, None]}


def test_files_of_all_kinds_are_one_table(tmp_path: Path) -> None:
    pq.write_table(pa.table({"age": [1.5], "plan": ["gold"]}), tmp_path / "c.parquet")
    read(tmp_path, {"a.csv": "age,plan\n7,gold\n", "b.jsonl": '{"age": 3, "plan": "free"}\n{"age": 2.5}\n'})
    table = read_table([tmp_path / name for name in ("a.csv", "b.jsonl", "c.parquet")], root=tmp_path)
    assert sorted(table.column("age").to_pylist()) == [1.5, 2.5, 3, 7]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"a.csv": "x,x\n1,2\n"}, "two columns are called 'x'"),
        ({"a.csv": "x,y\n1\n"}, "1 fields, and 2 columns"),
        ({"a.csv": "x,y\n"}, "has no rows"),
        ({"a.jsonl": '{"x": 1}\n{"x": "one"}\n'}, "values of two types"),
        ({"a.jsonl": '{"x": 1\n'}, r"a\.jsonl:1"),
        ({"a.jsonl": '{"x": 1}\n', "b.csv": "x\none\n"}, "values of two types"),
    ],
)
def test_files_that_are_no_table_are_refused_with_their_place(
    tmp_path: Path, files: dict[str, str], message: str
) -> None:
    with pytest.raises(InvalidData, match=message):
        read(tmp_path, files)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "-2", "+3", "0", None], "int64"),
        (["1", "2.5"], "double"),
        (["1e5", "-.5", "3."], "double"),
        (["1", "NA"], "int64"),
        (["NA", "null"], "string"),
        (["007", "1"], "string"),
        (["1", "two"], "string"),
        (["1,5", "2,5"], "string"),
        (["true", "FALSE", None], "bool"),
        (["yes", "no"], "string"),
        (["99999999999999999999"], "double"),
        ([None, None], "string"),
        (["", "1"], "string"),
        (["inf", "1"], "string"),
        (["0x10", "1"], "string"),
        ([" 1", "2"], "string"),
    ],
)
def test_a_column_of_texts_has_the_type_that_all_its_values_have(values: list[str | None], kind: str) -> None:
    assert str(typed_texts(pa.chunked_array([pa.array(values, pa.string())])).type) == kind


def test_signs_and_words_for_nothing_are_read() -> None:
    assert typed_texts(pa.chunked_array([["+3", "N/A", "-1"]])).to_pylist() == [3, None, -1]
    assert typed_texts(pa.chunked_array([["True", "false"]])).to_pylist() == [True, False]
