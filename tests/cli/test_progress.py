from __future__ import annotations

import pytest

from dragoman.cli.progress import tuning_progress
from dragoman.records import Form
from dragoman.runtime.tuning import Step

STEPS = [Step(Form(precision=name, backend="x", threads=0), "speed", done, 4) for done, name in enumerate(["a", "b"])]


@pytest.mark.parametrize(
    ("terminal", "expected"),
    [
        ("0", "models:/shop/1: 1 of 4, speed of a x, all cores\nmodels:/shop/1: 2 of 4, speed of b x, all cores\n"),
        ("1", " 25% "),
    ],
    ids=["lines", "bar"],
)
def test_each_step_of_a_tuning_is_shown(terminal, expected, monkeypatch, capsys):
    monkeypatch.setenv("TTY_COMPATIBLE", terminal)
    monkeypatch.setenv("COLUMNS", "200")
    with tuning_progress("models:/shop/1") as report:
        for step in STEPS:
            report(step)
    shown = capsys.readouterr().err
    assert expected in shown
    assert "speed of b x, all cores" in shown
