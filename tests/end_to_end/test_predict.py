import json

import pytest

import dragoman
from dragoman.errors import InvalidCheckpoint, InvalidRequest, NotFound

from .conftest import run


def test_texts_on_the_command_line_are_answered(trained):
    done = run("predict", "wo ist mein paket", "--json", "-w", trained)
    (prediction,) = json.loads(done.stdout)
    assert prediction["labels"][0]["label"] == "order_status"
    assert prediction["language"] == "de"


def test_a_file_is_answered_line_by_line(trained, tmp_path):
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text('{"text": "send the invoice", "ticket": 7}\n{"text": "geld zurück", "language": "de"}\n')
    assert run("predict", "--input", source, "--output", target, "-w", trained).returncode == 0
    first, second = map(json.loads, target.read_text().splitlines())
    assert (first["ticket"], first["prediction"]["labels"][0]["label"]) == (7, "invoice")
    assert second["prediction"]["language"] == "de"


@pytest.mark.parametrize(
    ("lines", "message"),
    [('{"text": "x"}\nnope\n', "in.jsonl:2"), ('{"words": "x"}\n', "in.jsonl:1"), ("", "no lines")],
)
def test_a_broken_file_is_refused_and_nothing_is_written(trained, tmp_path, lines, message):
    (tmp_path / "in.jsonl").write_text(lines)
    done = run("predict", "--input", tmp_path / "in.jsonl", "--output", tmp_path / "out.jsonl", "-w", trained)
    assert done.returncode == 2
    assert message in done.stderr
    assert not (tmp_path / "out.jsonl").exists()


def test_a_model_loads_by_uri_and_by_folder(trained):
    workspace = dragoman.open_workspace(trained)
    folder = workspace.registry.fetch(workspace.registry.resolve("support"))
    with dragoman.load("models:/support@champion", workspace=trained) as by_uri, dragoman.load(folder) as by_folder:
        first, second = (model.predict("where is my parcel")[0] for model in (by_uri, by_folder))
    assert first.labels == second.labels


def test_a_list_of_any_length_is_answered_in_order(trained):
    texts = ["where is my parcel", "send the invoice", "rechnung"] * 700
    with dragoman.load("models:/support/1", workspace=trained) as model:
        labels = [prediction.label for prediction in model.predict(texts)]
    assert labels[:3] * 700 == labels


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("models:/support/9", NotFound),
        ("models:/nobody", NotFound),
        ("models:/A B", InvalidRequest),
        ("/nowhere", NotFound),
    ],
)
def test_an_unknown_model_is_refused(trained, source, error):
    with pytest.raises(error):
        dragoman.load(source, workspace=trained)


def test_a_folder_that_is_no_checkpoint_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(InvalidCheckpoint, match="is not a checkpoint"):
        dragoman.load(tmp_path)


def test_show_tells_the_lineage_back_to_the_data(trained):
    done = run("models", "show", "support", "-w", trained)
    assert "source data/texts.jsonl, sha256" in done.stdout
    assert "| language | texts | accuracy |" in done.stdout


def test_init_writes_a_workspace_that_checks(tmp_path):
    assert run("init", tmp_path / "mine").returncode == 0
    done = run("spec", "check", "-w", tmp_path / "mine")
    assert "14 labels, 24 languages" in done.stdout
    assert run("init", tmp_path / "mine").returncode == 2
