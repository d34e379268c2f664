from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from dragoman.bench import engine
from dragoman.cli import cli
from dragoman.errors import InvalidRequest

SMALL = ("engine", "--shape", "small", "--texts", "4", "--rounds", "1", "--threads", "1", "--peers", "none")


@pytest.fixture(scope="module")
def report() -> dict:
    return json.loads(run(*SMALL, "--json"))


def run(*arguments: str) -> str:
    done = CliRunner().invoke(cli, ["bench", *arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_engine_is_measured_without_peers(report):
    (float32,) = [one for one in report["contests"] if one["name"] == "dragoman-fp32"]
    assert float32["note"] == ""
    assert float32["cosine"] == pytest.approx(1.0)
    assert {peak["precision"] for peak in report["peaks"]} == {"bf16", "fp32", "int8"}


def test_the_tables_show_the_machine_the_settings_and_the_ratios(report, monkeypatch):
    import msgspec

    from dragoman.bench.report import EngineReport

    parsed = msgspec.convert(report, EngineReport)
    monkeypatch.setattr(engine, "measure_engines", lambda plan, say: parsed)
    shown = run(*SMALL)
    assert parsed.hardware["processor"] in shown
    assert "peak int8:" in shown
    assert "dragoman-fp32: batch " in shown


@pytest.mark.parametrize(
    ("option", "value"), [("--texts", "0"), ("--rounds", "-1"), ("--device", "tpu"), ("--shape", "huge")]
)
def test_a_wrong_value_is_wrong_usage(option, value):
    done = CliRunner().invoke(cli, ["bench", "engine", option, value])
    assert done.exit_code == 2
    assert option in done.stderr


def test_an_unknown_peer_is_refused_before_anything_is_written():
    with pytest.raises(InvalidRequest, match="'tensorrt' is not a peer"):
        CliRunner().invoke(cli, ["bench", "engine", "--peers", "tensorrt"], catch_exceptions=False)
