from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa

from dragoman.data.labelled_tables import examples_of, rows_of, with_rows
from dragoman.data.table_examples import TableExamples
from dragoman.records import Example


def examples(**columns: Any) -> TableExamples:
    table = pa.table({"age": [20, 30], "left": [True, False], **columns})
    return TableExamples(table, np.array([1.0, 0.0]), np.array(["train", "test"]), ["de", "en"])


def labelled(**features: Any) -> Example:
    return Example(id="label:p1", text="", label="true", language="pt", split="dev", features=features)


def together(given: TableExamples, *rows: Example) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = with_rows(given, rows, target="left").to_pylist()
    return found


def test_every_row_says_its_split_and_its_label_by_name() -> None:
    assert together(examples(), labelled(age=40)) == [
        {"age": 20, "left": "true", "split": "train", "id": None},
        {"age": 30, "left": "false", "split": "test", "id": None},
        {"age": 40, "left": "true", "split": "dev", "id": "label:p1"},
    ]


def test_new_rows_have_the_types_of_the_table_or_nothing() -> None:
    given = examples(at=pa.array([datetime(2026, 1, 1, tzinfo=UTC)] * 2), paid=[1.5, 2.5], plan=["a", "b"])
    row = together(given, labelled(age="many", at="2026-02-01T00:00:00Z", paid=3, plan="c"))[-1]
    assert (row["age"], row["paid"], row["plan"]) == (None, 3.0, "c")
    assert row["at"] == datetime(2026, 2, 1, tzinfo=UTC)


def test_numbers_that_are_ids_become_names_and_languages_are_kept() -> None:
    rows = together(examples(id=[1, 2], language=["de", "en"]), labelled(age=1))
    assert [row["id"] for row in rows] == ["1", "2", "label:p1"]
    assert [row["language"] for row in rows] == ["de", "en", "pt"]


def test_what_was_served_of_a_view_is_a_column_of_the_new_rows() -> None:
    rows = together(examples(), labelled(**{"age": 1, "orders.count": 3}))
    assert [row["orders.count"] for row in rows] == [None, None, 3]


def test_rows_of_labels_are_read_back() -> None:
    table = with_rows(examples(language=["de", "en"]), [labelled(age=40)], target="left")
    assert examples_of(table, lambda row: {"age": row["age"]}, "left") == [labelled(age=40)]


def test_old_rows_are_what_the_model_reads_with_label_split_and_language() -> None:
    found = list(rows_of(examples(), lambda row: {"age": row["age"]}, ["false", "true"]))
    assert found == [({"age": 20}, "true", "train", "de"), ({"age": 30}, "false", "test", "en")]
