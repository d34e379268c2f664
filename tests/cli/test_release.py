from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result
from tests.unreleased import registered

from dragoman.api.fakes import fake_finding, fake_release
from dragoman.app.workspace import Workspace
from dragoman.cli import cli
from dragoman.errors import NotFound
from dragoman.records import Baseline, By, Finding, GateResult, ReleaseNote

ADA = By(actor="ada", reason="complaints")


def finding(language: str, verdict: Any, *, n: int = 900) -> Finding:
    return fake_finding(language=language, verdict=verdict, n=n, low=0.18, high=0.24)


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    """A workspace whose release of version 2 is in its shadow step."""
    place = registered(tmp_path)
    now = "2026-07-01T12:00:00.000+00:00"
    release = fake_release(
        champion=1, challenger=2, status="shadow", step=0, share=0.0, started=now, stepped=now, open=["agreement th"],
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


def test_status_says_where_agreement_rests_on_recent_traffic(place: Workspace) -> None:
    release = place.catalog.release("r-1")
    baselines = {
        "th": Baseline(texts=280, disagreements=30, source="traffic"),
        "de": Baseline(texts=90, disagreements=2),
    }
    changed = msgspec.structs.replace(release, baselines=baselines)
    place.catalog.save_release(changed, expected=release.revision, action="release.changed", by=ADA)
    assert "rests on recent inputs, not on the test split, in th (280)." in run(place, "status", "support").output


def test_without_all_what_passes_in_a_language_is_left_out(place: Workspace) -> None:
    done = run(place, "status", "support")
    assert [line.split()[1] for line in done.output.splitlines() if line.startswith("agreement")] == ["th"]


def test_every_release_is_listed(place: Workspace) -> None:
    assert "r-1" in run(place, "status").output
    assert [one["id"] for one in json.loads(run(place, "status", "--json").output)] == ["r-1"]


def test_json_has_every_number(place: Workspace) -> None:
    found = json.loads(run(place, "status", "--id", "r-1", "--json").output)
    assert {"n", "effect", "low", "high", "limit", "e_value", "e_safe", "verdict"} <= set(found["findings"][0])


def test_a_rollback_needs_a_reason_and_keeps_it(place: Workspace) -> None:
    assert run(place, "rollback", "support").exit_code == 2
    done = run(place, "rollback", "support", "--reason", "complaints")
    assert (done.exit_code, done.output) == (0, "Version 1 of 'support' answers everything.\n")
    assert place.catalog.release("r-1").notes[-1].text == "complaints"


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


def test_without_a_challenger_there_is_nothing_to_release(tmp_path: Path) -> None:
    done = run(registered(tmp_path), "start", "support")
    assert isinstance(done.exception, NotFound)
    assert done.exception.message == "'support' has no challenger."
