from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner
from tests.models.folders import save_folder

from dragoman.cli import cli

Start = Callable[..., tuple[subprocess.Popen[str], str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts the command on a free port in an empty folder; gives the process and its address."""
    started: list[subprocess.Popen[str]] = []

    def begin(*arguments: str) -> tuple[subprocess.Popen[str], str]:
        given = [sys.executable, "-m", "dragoman", "serve", "--port", "0", "--threads", "1", *arguments]
        child = subprocess.Popen(given, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
        started.append(child)
        assert child.stdout is not None
        match = re.search(r"Serving on (http://[^;]+); ", child.stdout.readline())
        return child, match[1] if match else ""

    yield begin
    for child in started:
        child.kill()
        child.communicate()


def test_two_folders_are_served_by_one_process_without_a_workspace(tmp_path: Path, start: Start) -> None:
    one, two = save_folder(tmp_path / "one"), save_folder(tmp_path / "two", kind="")
    child, url = start("--model", f"a={one}", "--model", f"b={two}")
    with httpx.Client(base_url=url, timeout=20) as client:
        label = client.post("/v1/models/a/predict", json={"inputs": ["wo ist mein paket"]}).json()
        vector = client.post("/v1/models/b/predict", json={"inputs": ["wo ist mein paket"]}).json()
    child.send_signal(signal.SIGTERM)
    assert len(label["predictions"][0]["labels"]) == 3
    assert len(vector["predictions"][0]["embedding"]) == 32
    assert child.wait(timeout=20) == 0


def test_a_model_does_the_task_that_is_asked_for(tmp_path: Path, start: Start) -> None:
    _, url = start("--model", f"a={save_folder(tmp_path / 'one')}", "--task", "a=embedding")
    with httpx.Client(base_url=url, timeout=20) as client:
        assert client.get("/v1/models/a").json()["task"] == "embedding"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "folder"], "--model 'folder' is not NAME=VALUE"),
        (["--model", "=folder"], "--model '=folder' is not NAME=VALUE"),
        (["--model", "a="], "--model 'a=' is not NAME=VALUE"),
        (["--model", "a=x", "--model", "a=y"], "--model is given twice for 'a'"),
        (["--model", "a=x", "--task", "a=rerank", "--task", "a=embedding"], "--task is given twice for 'a'"),
        (["--model", "a=x", "--task", "b=rerank"], "--task b=… names no --model"),
        (["--task", "b=rerank"], "--task b=… names no --model"),
    ],
)
def test_wrong_names_are_wrong_usage(arguments: list[str], message: str) -> None:
    done = CliRunner().invoke(cli, ["serve", *arguments])
    assert done.exit_code == 2
    assert message in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "a=nowhere"], "error: There is no folder nowhere.\nhelp: Name a bundle, a Hugging Face folder"),
        (["--model", "a=."], "error: . is not a checkpoint"),
        (["--model", "a/b=."], "error: 'a/b' cannot name a model.\nhelp: Use lower case"),
        (["--model", "a=models:/support/1"], "is not a workspace: it has no dragoman.toml.\nhelp: "),
        ([], "is not a workspace: it has no dragoman.toml.\nhelp: "),
    ],
)
def test_what_cannot_be_loaded_ends_the_command_with_help(start: Start, arguments: list[str], message: str) -> None:
    child, _ = start(*arguments)
    _, errors = child.communicate(timeout=20)
    assert (child.returncode, message in errors, "Traceback" in errors) == (2, True, False), errors
