from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.data.sources.test_examples import GOOD, LABELS, LANGUAGES, row, write_lines

from dragoman.data.sources import examples_of_rows, read_examples
from dragoman.errors import InvalidData
from dragoman.records import Example

OPTIONS: dict[str, Any] = {"labels": LABELS, "languages": LANGUAGES}


def read(folder: Path, *lines: Any, **options: Any) -> list[Example]:
    return read_examples([write_lines(folder / "data.jsonl", *GOOD, *lines)], **(OPTIONS | options))


def test_other_fields_are_features_where_columns_are_asked_for(tmp_path: Path) -> None:
    examples = read(tmp_path, row("4", age=41, plan=None, customer="c-1"), row("5", age=2.5), columns=["age", "plan"])

    assert [one.features for one in examples[3:]] == [{"age": 41, "plan": None, "customer": "c-1"}, {"age": 2.5}]
    assert examples[0].features == {}


def test_other_fields_are_refused_where_no_columns_are_asked_for(tmp_path: Path) -> None:
    with pytest.raises(InvalidData, match='unknown field "age"'):
        read(tmp_path, row("4", age=41))


def test_a_column_that_no_row_has_is_refused_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(InvalidData, match='no row has the column "plam"; did you mean "plan"'):
        read(tmp_path, row("4", plan="gold"), columns=["plam"])


@pytest.mark.parametrize(
    ("value", "problem"),
    [([1], '"age" is a list, not one value'), ({"a": 1}, "an object"), ("\ud800", "a lone surrogate")],
)
def test_a_feature_is_one_plain_value(value: Any, problem: str, tmp_path: Path) -> None:
    line = (
        f'{{"id": "4", "text": "t", "label": "refund", "language": "en", "split": "dev", "age": {json.dumps(value)}}}'
    )
    with pytest.raises(InvalidData, match=problem):
        read(tmp_path, line.encode(), columns=["age"])


def test_the_label_may_stand_in_another_field(tmp_path: Path) -> None:
    rows = [{name: value for name, value in one.items() if name != "label"} | {"truth": "refund"} for one in GOOD]

    path = write_lines(tmp_path / "data.jsonl", *rows)

    assert {one.label for one in read_examples([path], target="truth", **OPTIONS)} == {"refund"}


def test_rows_of_a_version_keep_the_columns_that_are_asked_for() -> None:
    rows = [one | {"age": 3, "note": "no"} for one in GOOD]

    examples = examples_of_rows(rows, name="data/1", columns=["age"], **OPTIONS)

    assert [one.features for one in examples] == [{"age": 3}] * 3
