from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.models.folders import save_folder
from tests.serving.conftest import MakeModel
from tests.serving.tasks.test_choice import NLI, ONE, SPAN

from dragoman.errors import InvalidData, InvalidRequest, NotFound
from dragoman.records import FeatureColumn
from dragoman.runtime.sessions import Compute
from dragoman.serving.files import CHUNK, predict_file
from dragoman.serving.loader import Loader
from dragoman.serving.model import Model
from dragoman.serving.table_fakes import fake_table
from dragoman.spec import ServingSpec

LABELS = {"candidate_labels": ["paket", "parcel"], "hypothesis_template": "{}"}


def answered(model: Model, folder: Path, *rows: Any, **parameters: Any) -> list[dict[str, Any]]:
    """What the file of answers holds for a file of rows."""
    source, target = folder / "in.jsonl", folder / "out.jsonl"
    source.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows))
    assert predict_file(model, source, target, parameters, report=lambda done: None) == len(rows)
    return [json.loads(line) for line in target.read_text().splitlines()]


CASES: dict[str, tuple[str, Any, Any, Any, str]] = {  # task → head, changes, row, parameters, field
    "text-classification": ("SequenceClassification", {}, {"text": "paket"}, {"top": 1}, "labels"),
    "zero-shot-classification": ("SequenceClassification", NLI, {"text": "paket"}, LABELS, "labels"),
    "token-classification": ("TokenClassification", {}, {"text": "paket"}, {}, "entities"),
    "embedding": ("", {}, {"text": "paket"}, {"dimensions": 4}, "embedding"),
    "fill-mask": ("MaskedLM", {}, {"text": "wo ist <mask>"}, {"top": 2}, "candidates"),
    "rerank": ("SequenceClassification", ONE, {"query": "paket", "texts": ["wo", "ist"]}, {}, "results"),
    "question-answering": ("QuestionAnswering", SPAN, {"question": "wo", "context": "paket"}, {}, "answer"),
}


@pytest.mark.parametrize("task", CASES)
def test_a_file_of_every_task_is_answered(tmp_path: Path, task: str) -> None:
    kind, changes, row, parameters, field = CASES[task]
    folder = save_folder(tmp_path / "model", kind=kind, **changes)
    with Loader(Compute(threads=1)).load_folder(folder, task=task) as model:
        (line,) = answered(model, tmp_path, row | {"ticket": 7}, **parameters)
    assert {name: line[name] for name in (*row, "ticket")} == row | {"ticket": 7}
    assert {"id", "language", "tokens", field} <= line["prediction"].keys()


def test_lines_keep_their_order_past_a_chunk_and_past_the_largest_request(
    tmp_path: Path, make_model: MakeModel
) -> None:
    model, done = make_model(serving=ServingSpec(max_inputs=100)), []
    source = tmp_path / "in.jsonl"
    source.write_text("".join(f'{{"text": "order", "number": {number}}}\n' for number in range(CHUNK + 5)))
    predict_file(model, source, tmp_path / "out.jsonl", report=done.append)
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [line["number"] for line in lines] == list(range(CHUNK + 5))
    assert done == [100, 200, 300, 400, 500, CHUNK + 5]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("nope", "in.jsonl:3 is not JSON"),
        ("", "in.jsonl:3 is not JSON"),
        ("[1]", "in.jsonl:3 has no text"),
        ({"words": "x"}, "in.jsonl:3 has no text"),
        ({"text": 7}, "in.jsonl:3: The text of input 0 is of type int"),
        ({"text": " "}, "in.jsonl:3: Text 0 is blank"),
        ({"text": "x", "language": 7}, "in.jsonl:3: The language of input 0 is of type int"),
        ({"text": "x", "language": "xx"}, "in.jsonl:3: The language of input 0 is 'xx'"),
    ],
)
def test_a_wrong_line_is_named_and_nothing_is_written(
    tmp_path: Path, make_model: MakeModel, wrong: Any, message: str
) -> None:
    with pytest.raises(InvalidData, match=message):
        answered(make_model(), tmp_path, {"text": "order"}, {"text": "refund"}, wrong)
    assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]


def test_a_line_past_the_first_chunk_is_named_by_its_number(tmp_path: Path, make_model: MakeModel) -> None:
    with pytest.raises(InvalidData, match=f"in.jsonl:{CHUNK + 2}: Text 0 is empty"):
        answered(make_model(), tmp_path, *[{"text": "order"}] * (CHUNK + 1), {"text": ""})


def test_a_wrong_parameter_is_not_blamed_on_a_line(tmp_path: Path, make_model: MakeModel) -> None:
    with pytest.raises(InvalidRequest, match=r"^There is no parameter 'topp'"):
        answered(make_model(), tmp_path, {"text": "order"}, topp=2)


def test_a_file_without_lines_is_refused(tmp_path: Path, make_model: MakeModel) -> None:
    with pytest.raises(InvalidData, match="has no lines"):
        answered(make_model(), tmp_path)


def test_a_file_that_is_not_there_or_is_none_is_refused(tmp_path: Path, make_model: MakeModel) -> None:
    with pytest.raises(NotFound, match="There is no file"):
        predict_file(make_model(), tmp_path / "in.jsonl", tmp_path / "out.jsonl", report=lambda done: None)
    with pytest.raises(InvalidData, match="cannot be read: Is a directory"):
        predict_file(make_model(), tmp_path, tmp_path / "out.jsonl", report=lambda done: None)


@pytest.mark.parametrize(
    "row",
    [{"features": {"age": 41, "plan": "silver"}}, {"age": 41, "plan": "silver"}, {"age": 42, "ticket": "x", "top": 1}],
)
def test_a_file_of_rows_is_answered_whether_columns_lie_in_features_or_in_the_line(tmp_path: Path, row: Any) -> None:
    with fake_table() as model:
        (line,) = answered(model, tmp_path, row)
    assert line["prediction"]["value"] == 42.0
    assert {name: line[name] for name in row} == row


def test_a_column_called_like_a_field_is_a_column(tmp_path: Path) -> None:
    columns = [FeatureColumn(name="key", kind="number"), FeatureColumn(name="time", kind="number")]
    with fake_table(columns=columns) as model:
        (line,) = answered(model, tmp_path, {"key": 40, "time": 2})
    assert line["prediction"]["value"] == 42.0


def test_a_wrong_row_is_named_by_its_line(tmp_path: Path) -> None:
    with fake_table() as model, pytest.raises(InvalidData, match="jsonl:2: The column 'age' of input 0 is of type str"):
        answered(model, tmp_path, {"age": 1}, {"age": "old"})
