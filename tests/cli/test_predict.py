from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.models.folders import save_folder
from tests.serving.tasks.test_choice import ONE, SPAN

from dragoman.cli import cli
from dragoman.cli import predict as predict_command
from dragoman.errors import InvalidCheckpoint, InvalidRequest, NotFound
from dragoman.serving.lookup import FakeLookup
from dragoman.serving.table_fakes import VIEW_COLUMNS, fake_table


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["predict", *map(str, arguments), "--threads", "1"], catch_exceptions=False)


def predictions(*arguments: object) -> list[dict[str, Any]]:
    done = run(*arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_parameters_are_json(tmp_path: Path) -> None:
    folder = save_folder(tmp_path, kind="")
    (short,) = predictions("-m", folder, "-p", "dimensions=4", "-p", "normalize=true", "paket")
    assert len(short["embedding"]) == 4
    assert sum(number**2 for number in short["embedding"]) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("given", ["top", "top=", "too_long=windows"])
def test_a_parameter_that_is_no_json_is_wrong_usage(tmp_path: Path, given: str) -> None:
    done = run("-m", tmp_path, "-p", given, "paket")
    assert done.exit_code == 2
    assert f"'{given}' is not NAME=JSON" in done.stderr


def test_an_unknown_parameter_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="no parameter 'topp'"):
        run("-m", save_folder(tmp_path), "-p", "topp=1", "paket")


def test_a_question_is_asked_with_its_context(tmp_path: Path) -> None:
    folder = save_folder(tmp_path, kind="QuestionAnswering", **SPAN)
    (prediction,) = predictions("-m", folder, "where", "my parcel")
    answer = prediction["answer"]
    assert answer is None or "my parcel"[answer["start"] : answer["end"]] == answer["text"]
    assert run("-m", folder, "where").exit_code == run("-m", folder, "where", "my", "parcel").exit_code == 2


def test_texts_are_ranked_for_the_query_before_them(tmp_path: Path) -> None:
    folder = save_folder(tmp_path, **ONE)
    (prediction,) = predictions("-m", folder, "where", "my parcel", "mein paket", "моя посылка")
    assert sorted(one["index"] for one in prediction["results"]) == [0, 1, 2]
    assert "where | my parcel | mein paket" in run("-m", folder, "where", "my parcel", "mein paket").stdout


def test_a_query_without_texts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="Input 0 has no texts"):
        run("-m", save_folder(tmp_path, **ONE), "where")


@pytest.mark.parametrize(
    ("kind", "text", "shown"),
    [
        ("", "paket", "… (32 numbers)"),
        ("SequenceClassification", "paket", "0."),
        ("TokenClassification", "paket", "0."),
        ("MaskedLM", "wo <mask>", "0."),
    ],
)
def test_every_answer_fits_in_a_row(tmp_path: Path, kind: str, text: str, shown: str) -> None:
    done = run("-m", save_folder(tmp_path, kind=kind), text)
    header, row = done.stdout.splitlines()
    assert (header.split(), row.startswith(text), shown in row) == (
        ["text", "language", "script", "answer"],
        True,
        True,
    )


def test_the_task_of_a_folder_may_be_chosen(tmp_path: Path) -> None:
    folder = save_folder(tmp_path)
    assert "embedding" in predictions("-m", folder, "--task", "embedding", "paket")[0]
    with pytest.raises(InvalidCheckpoint, match="needs a masked language model head"):
        run("-m", folder, "--task", "fill-mask", "paket")


def test_a_folder_that_is_not_there_is_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="There is no folder"):
        run("-m", tmp_path / "nowhere", "paket")


@pytest.mark.parametrize("arguments", [[], ["--input", "x"], ["--output", "x"], ["paket", "--input", "x"]])
def test_texts_or_a_file_with_its_target_must_be_given(arguments: list[str]) -> None:
    done = run(*arguments)
    assert done.exit_code == 2
    assert "give texts or --features, or --input FILE with --output FILE" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--features", "{age: 1}"], "--features is not JSON"),
        (["--key", "{"], "--key is not JSON"),
        (["--features", "{}", "--input", "in.jsonl", "--output", "out.jsonl"], "give texts or --features"),
        ([], "give texts or --features"),
    ],
)
def test_features_that_are_no_json_or_beside_a_file_are_wrong_usage(arguments: list[str], said: str) -> None:
    done = run("-m", "anything", *arguments)
    assert done.exit_code == 2
    assert said in done.stderr


def test_a_row_of_a_table_is_answered_with_its_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    lookup = FakeLookup({"orders": {"{'customer': 'c-1'}": {"count_30d": 1, "last": None}}})
    made = fake_table(columns=VIEW_COLUMNS, lookup=lookup)
    monkeypatch.setattr(predict_command, "load", lambda *given, **how: made)
    done = run("-m", ".", "--features", '{"age": 41}', "--key", '{"customer": "c-1"}')
    assert "42 (40 to 44)" in done.stdout


def test_a_text_is_answered_with_its_features(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="reads no features"):
        run("-m", save_folder(tmp_path), "paket", "--features", '{"age": 41}')
