from __future__ import annotations

import sys

import pytest

from dragoman.bench import child_process
from dragoman.bench.child_process import ChildProcess, command_of
from dragoman.errors import NotFound, Unavailable


def child(code: str) -> ChildProcess:
    """A process that runs `code` for every line that it reads."""
    program = f"import json, sys, time\nfor line in sys.stdin:\n    {code}\n    sys.stdout.flush()"
    return ChildProcess("fake", [sys.executable, "-c", program], threads=1)


def test_a_command_gets_the_answer_to_it():
    with child("print(json.dumps({'echo': json.loads(line)}))") as process:
        assert process.ask("load", job="x") == {"echo": {"do": "load", "job": "x"}}


def test_a_package_that_is_not_installed_is_named():
    with child("print(json.dumps({'missing': ['ctranslate2']}))") as process, pytest.raises(NotFound) as caught:
        process.ask("load")
    assert caught.value.message == "not installed: ctranslate2"


def test_an_error_is_told_by_its_first_line():
    with (
        child("print(json.dumps({'error': 'ValueError: no\\nmore'}))") as process,
        pytest.raises(Unavailable, match="fake failed: ValueError: no Help"),
    ):
        process.ask("load")


def test_a_process_that_dies_leaves_its_last_words():
    with child("sys.exit('out of luck')") as process, pytest.raises(Unavailable, match="out of luck"):
        process.ask("load")


def test_a_process_that_hangs_is_killed(monkeypatch):
    monkeypatch.setattr(child_process, "ANSWER_SECONDS", 0.2)
    with child("time.sleep(60)") as process, pytest.raises(Unavailable, match="exit code -9"):
        process.ask("load")


def test_closing_ends_the_process():
    process = child("print('{}')")
    process.close()
    assert process._process.returncode == 0


def test_peers_run_in_their_interpreter_and_dragoman_in_this_one():
    assert command_of("openvino", interpreter="/other/python")[0] == "/other/python"
    assert command_of("dragoman-fp32", interpreter="/other/python")[0] == sys.executable
