from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from dragoman.data.table_examples import TableExamples, table_examples, text_columns
from dragoman.errors import InvalidData
from dragoman.spec import ModelSpec, convert_spec

ROWS = 400


def spec(**data: Any) -> ModelSpec:
    return convert_spec(
        {
            "name": "m",
            "owner": "o",
            "task": "tabular-regression",
            "data": {"files": ["x"], "target": "y", **data},
            "features": {"columns": ["x", "zone"], "categories": ["zone"]},
        }
    )


def examples(made: ModelSpec | None = None, **columns: Any) -> TableExamples:
    base = {"x": list(range(ROWS)), "zone": [row % 3 for row in range(ROWS)], "y": [row * 0.5 for row in range(ROWS)]}
    return table_examples(pa.table({**base, **columns}), made or spec())


def test_rows_without_a_split_are_split_by_what_they_hold() -> None:
    found = examples()
    counts = Counter(found.splits.tolist())
    assert counts["train"] > 0.7 * ROWS
    assert min(counts.values()) > 0.05 * ROWS
    assert sum(counts.values()) == ROWS


def test_the_order_of_the_rows_changes_nothing() -> None:
    one = examples()
    other = examples(**{name: values[::-1] for name, values in one.table.to_pydict().items()})
    assert one.table.equals(other.table)
    assert one.splits.tolist() == other.splits.tolist()
    assert one.truth.tolist() == one.table.column("y").to_pylist()


def test_rows_with_one_id_stay_together() -> None:
    found = examples(id=[f"c{row // 4}" for row in range(ROWS)])
    splits: dict[str, set[str]] = {}
    for name, split in zip(found.table.column("id").to_pylist(), found.splits.tolist(), strict=True):
        splits.setdefault(name, set()).add(split)
    assert {len(one) for one in splits.values()} == {1}


def test_rows_that_differ_in_the_truth_alone_stay_together() -> None:
    found = examples(x=[row // 2 for row in range(ROWS)], zone=[1] * ROWS)
    splits: dict[int, set[str]] = {}
    for value, split in zip(found.table.column("x").to_pylist(), found.splits.tolist(), strict=True):
        splits.setdefault(value, set()).add(split)
    assert {len(one) for one in splits.values()} == {1}


def test_with_a_time_the_newest_rows_are_the_test_split() -> None:
    times = [f"2026-01-01T{row // 60:02}:{row % 60:02}:00" for row in range(ROWS)]
    found = examples(spec(time="at"), at=times)
    last = {split: max(found.of(split).table.column("at").to_pylist()) for split in ("train", "dev", "test")}
    first = {split: min(found.of(split).table.column("at").to_pylist()) for split in ("train", "dev", "test")}
    assert last["train"] < first["dev"] <= last["dev"] < first["test"]
    assert len(found.of("test").truth) == ROWS // 10


def test_given_splits_are_kept() -> None:
    given = ["train"] * (ROWS - 20) + ["dev"] * 10 + ["test"] * 10
    found = examples(split=given)
    assert Counter(found.splits.tolist()) == Counter(given)
    assert found.of("dev", "test").table.num_rows == 20


def test_an_id_in_two_splits_is_refused() -> None:
    given = ["train"] * (ROWS - 20) + ["dev"] * 10 + ["test"] * 10
    with pytest.raises(InvalidData, match="1 ids stand in the split 'train' and in another one, such as 'a'") as raised:
        examples(split=given, id=["a", *[f"c{row}" for row in range(ROWS - 2)], "a"])
    assert "belong in one split" in raised.value.help


def test_rows_have_the_language_that_they_say_or_none() -> None:
    assert set(examples().languages) == {"und"}
    languages = [("de", None, "pt", "")[row % 4] for row in range(ROWS)]
    assert Counter(examples(language=languages).languages) == {"und": ROWS // 2, "de": ROWS // 4, "pt": ROWS // 4}


@pytest.mark.parametrize("labels", [[0, 1], [False, True], ["0", "1"], [0.0, 1.0]])
def test_labels_are_found_by_their_names(labels: list[Any]) -> None:
    names = ["false", "true"] if labels[0] is False else ["0", "1"]
    made = convert_spec(
        {
            "name": "m", "owner": "o", "task": "tabular-classification",
            "data": {"files": ["x"], "target": "y", "labels": names}, "features": {"columns": ["x"]},
        }
    )  # fmt: skip
    found = examples(made, y=[labels[row % 2] for row in range(ROWS)])
    assert np.array_equal(found.truth, [row % 2 for row in found.table.column("x").to_pylist()])


def test_columns_of_csv_that_hold_names_stay_texts() -> None:
    assert text_columns(spec()) == ["id", "split", "language", "zone"]


@pytest.mark.parametrize("times", [[None] * ROWS, ["yesterday"] * ROWS])
def test_rows_without_a_time_cannot_be_split_by_it(times: list[Any]) -> None:
    with pytest.raises(Exception, match="at"):
        examples(spec(time="at"), at=pa.array(times, pa.string()))
