from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result

from dragoman.app.workspace import Workspace, open_workspace
from dragoman.cli import cli
from dragoman.records import By, Finding, GateResult, Release, ReleaseNote
from dragoman.spec import ReleaseSpec

SPEC = """
name = "support"
owner = "team@example.com"
languages = ["de", "th"]

[data]
files = ["data/*.jsonl"]
labels = ["refund", "invoice"]

[release]
max_hours = 6
"""
ADA = By(actor="ada", reason="complaints")


def finding(language: str, verdict: Any, *, n: int = 900) -> Finding:
    return Finding(
        metric="agreement", language=language, scope="language", n=n, effect=0.21, low=0.18, high=0.24, limit=0.07,
        e_value=9_000.0, e_safe=0.1, verdict=verdict,
    )  # fmt: skip


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    """A workspace whose release of version 2 is in its shadow step."""
    (tmp_path / "models").mkdir()
    (tmp_path / "dragoman.toml").write_text("")
    (tmp_path / "models" / "support.toml").write_text(SPEC)
    place = open_workspace(tmp_path)
    place.keychain.ensure()
    for bundle in ("a", "b"):
        place.catalog.add_version(model="support", bundle=bundle * 64, run="r", owner="o", created="2026-07-01")
    place.catalog.move_alias("support", "champion", 1, expected=None)
    now = "2026-07-01T12:00:00.000+00:00"
    release = Release(
        id="r1", model="support", champion=1, challenger=2, status="shadow", step=0, actor="ada",
        started=now, stepped=now,
        plan=msgspec.to_builtins(ReleaseSpec()), languages=["de", "th"], open=["agreement th"],
        gates=[GateResult(gate="accuracy", champion=0.9, challenger=0.91, limit=0.01, n=400, verdict="pass")],
        findings=[finding("de", "pass"), finding("th", "fail"), finding("fr", "not enough evidence", n=0)],
        notes=[ReleaseNote(time=now, status="shadow", share=0.0, actor="ada", text="Shadow.")],
    )  # fmt: skip
    place.catalog.save_release(release, expected=None, action="release.started", by=ADA)
    return place


def run(place: Workspace, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["release", *arguments, "-w", str(place.root)])


def test_status_shows_the_gates_and_what_failed_first(place: Workspace) -> None:
    done = run(place, "status", "support", "--all")
    assert done.exit_code == 0, done.output
    lines = [line for line in done.output.splitlines() if line.startswith("agreement")]
    assert ["th" in lines[0], "fail" in lines[0], "+0.180 to +0.240" in lines[0]] == [True] * 3
    assert len(lines) == 2
    assert "This step still lacks: agreement th" in done.output


def test_without_all_what_passes_in_a_language_is_left_out(place: Workspace) -> None:
    done = run(place, "status", "support")
    assert [line.split()[1] for line in done.output.splitlines() if line.startswith("agreement")] == ["th"]


def test_every_release_is_listed(place: Workspace) -> None:
    assert "r1" in run(place, "status").output
    assert [one["id"] for one in json.loads(run(place, "status", "--json").output)] == ["r1"]


def test_json_has_every_number(place: Workspace) -> None:
    found = json.loads(run(place, "status", "--id", "r1", "--json").output)
    assert {"n", "effect", "low", "high", "limit", "e_value", "e_safe", "verdict"} <= set(found["findings"][0])


def test_a_rollback_needs_a_reason_and_keeps_it(place: Workspace) -> None:
    assert run(place, "rollback", "support").exit_code == 2
    done = run(place, "rollback", "support", "--reason", "complaints")
    assert (done.exit_code, done.output) == (0, "Version 1 of 'support' answers everything.\n")
    assert place.catalog.release("r1").notes[-1].text == "complaints"


def test_a_release_that_does_not_wait_cannot_be_approved(place: Workspace) -> None:
    done = run(place, "approve", "support")
    assert "waits for nobody" in str(done.exception)


def test_the_spec_s_plan_is_played(place: Workspace) -> None:
    done = run(place, "simulate", "support", "--releases", "5", "--regress", "th:50%", "--share", "th:0.05", "--json")
    found = json.loads(done.output)
    assert (found["releases"], found["regress"], found["languages"]) == (5, {"th": 0.5}, 40)
    assert (found["rollback_rate"], found["named_rate"], found["median_exposed_requests"]) == (1.0, 1.0, 0)
    assert found["median_detection_requests"] < 60
    assert len(found["rollback_rate_interval"]) == 2


@pytest.mark.parametrize("given", ["th", "th:much", "th:-0.1", "th:0.95"])
def test_a_drop_that_cannot_be_is_refused(place: Workspace, given: str) -> None:
    done = run(place, "simulate", "support", "--releases", "1", "--regress", given)
    assert done.exit_code != 0


@pytest.mark.parametrize("given", ["th:0.02", "th:2%", "th:2"])
def test_shares_may_be_given_in_percent(place: Workspace, given: str) -> None:
    done = run(place, "simulate", "support", "--releases", "1", "--share", given, "--json")
    assert done.exit_code == 0, done.output
