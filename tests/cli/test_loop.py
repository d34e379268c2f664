"""`dragoman loop`, on a workspace with versions of nothing and a catalog that knows what the loop did."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from tests.cli.running import Verb
from tests.unreleased import registered

from dragoman import clock
from dragoman.app.workspace import Workspace
from dragoman.cli import cli
from dragoman.errors import Conflict, NotFound
from dragoman.records import Block, Job, RetrainDecision, Spent, Trigger

LOOP = Verb("loop")
DECISION = RetrainDecision(
    id="support:5",
    model="support",
    champion=1,
    time="2026-03-01T05:00:00.000Z",
    verdict="ask",
    triggers=[Trigger(kind="labels", text="620 new labels; 500 are worth a training.")],
    blocks=[
        Block(
            kind="approval",
            text="A person must approve: `dragoman loop approve support`.",
            until="2026-03-08T05:00:00.000Z",
        )
    ],
    evidence={"labels": {"total": 620}},
)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Workspace]:
    """A decision that waits for approval, a training that failed, and a job that waits."""
    place = registered(tmp_path)
    spec = tmp_path / "models" / "support.toml"
    spec.write_text(spec.read_text() + "\n[retraining]\napproval = true\n")
    place.catalog.save_decision(DECISION)
    now = clock.written()
    failed = place.catalog.add_job(Job(id="retrain:support:4", kind="retrain", model="support", due=now, created=now))
    spent = Spent(cpu_seconds=7_400.0)
    place.catalog.save_job(
        msgspec.structs.replace(failed, status="failed", stage="assemble", finished=now, error="No disk.", spent=spent)
    )
    place.catalog.add_job(Job(id="compact:2026-03-01T00:00", kind="compact", due=now, created=now))
    yield place
    place.catalog.close()


def test_the_status_says_what_was_decided_and_why_and_what_to_do(place: Workspace) -> None:
    said = LOOP.output(place, "status")
    assert "wait for approval  2026-03-01 05:00" in said
    assert "support: 620 new labels; 500 are worth a training." in said
    assert "support: but a person must approve: `dragoman loop approve support`. Until 2026-03-08 05:00." in said
    assert "No process runs the loop" in said
    assert "failed: retrain:support:4: No disk." in said
    assert "2.1 h CPU" in said


def test_the_status_is_told_as_json(place: Workspace) -> None:
    told = LOOP.told(place, "status")
    (model,) = told["models"]
    assert (told["runs"], model["champion"], model["retrains"], model["trainings"]) == (False, 1, True, 1)
    assert model["decision"]["verdict"] == "ask"
    assert model["spent"]["cpu_seconds"] == 7_400.0


def test_a_model_that_is_not_retrained_is_told_so(place: Workspace) -> None:
    spec = place.root / "models" / "sales.toml"
    spec.write_text(
        (place.root / "models" / "support.toml").read_text().replace('"support"', '"sales"').split("[ret")[0]
    )
    assert "no [retraining]" in LOOP.output(place, "status")
    assert "Nothing was decided of 'sales' yet" in LOOP.output(place, "decisions", "sales")


def test_decisions_are_listed_with_their_reasons(place: Workspace) -> None:
    said = LOOP.output(place, "decisions", "support")
    assert "620 new labels; 500 are worth a training." in said
    assert "but a person must approve: `dragoman loop approve support`." in said
    (told,) = LOOP.told(place, "decisions", "support")
    assert told["evidence"] == {"labels": {"total": 620}}


def test_jobs_are_listed_the_newest_first_and_by_kind_and_status(place: Workspace) -> None:
    assert [job["id"] for job in LOOP.told(place, "jobs", "--kind", "retrain")] == ["retrain:support:4"]
    assert [job["id"] for job in LOOP.told(place, "jobs", "--status", "waiting")] == ["compact:2026-03-01T00:00"]
    assert len(LOOP.told(place, "jobs", "--limit", "1")) == 1
    assert "retrain:support:4" in LOOP.output(place, "jobs", "support", "--days", "1")
    assert LOOP.output(place, "jobs", "--kind", "queue") == "There are no such jobs.\n"


def test_who_approves_is_kept_with_the_reason(place: Workspace) -> None:
    LOOP.output(place, "approve", "support", "--reason", "The wording is new.")
    assert place.catalog.decision("support:5").approved_by
    (row,) = place.catalog.audit_rows(action="retraining.approved")
    assert row.detail["reason"] == "The wording is new."


def test_what_was_approved_already_stays_so(place: Workspace) -> None:
    LOOP.output(place, "approve", "support")
    LOOP.output(place, "approve", "support")
    assert len(place.catalog.audit_rows(action="retraining.approved")) == 1


def test_a_training_is_asked_for_once_and_shown(place: Workspace) -> None:
    said = LOOP.output(place, "retrain", "support", "--reason", "new wording")
    assert said == "A training of 'support' is asked for. `dragoman loop status` shows what comes of it.\n"
    assert "has asked for a training (new wording)." in LOOP.output(place, "status")
    assert LOOP.told(place, "retrain", "support", "--force")["input"]["force"] is True


def test_an_unknown_model_is_refused(place: Workspace) -> None:
    for verb in ("retrain", "approve", "decisions"):
        assert isinstance(LOOP.error(place, verb, "sales"), NotFound)


def test_a_job_is_cancelled_once(place: Workspace) -> None:
    assert LOOP.output(place, "cancel", "compact:2026-03-01T00:00").endswith("is cancelled.\n")
    assert LOOP.output(place, "cancel", "compact:2026-03-01T00:00").endswith("is cancelled.\n")
    assert place.catalog.job("compact:2026-03-01T00:00").status == "cancelled"
    assert "was failed already" in LOOP.run(place, "cancel", "retrain:support:4").output


def test_once_says_what_it_did(place: Workspace) -> None:
    place.catalog.move_alias("support", "champion", None, expected=1)  # versions of nothing cannot be measured
    done = CliRunner().invoke(cli, ["loop", "--once", "-w", str(place.root)], standalone_mode=False)
    assert "compact:2026-03-01T00:00: done" in done.output
    assert done.return_value == 0
    assert "Nothing is due." in CliRunner().invoke(cli, ["loop", "--once", "-w", str(place.root)]).output


def test_once_fails_when_a_job_did(place: Workspace) -> None:
    done = CliRunner().invoke(cli, ["loop", "--once", "-w", str(place.root)])
    assert done.exit_code == 1
    assert "evaluate:support:" in done.output


def test_once_refuses_while_another_process_is_the_loop(place: Workspace) -> None:
    place.catalog.lease("loop", "another", seconds=60)
    assert isinstance(LOOP.error(place, "--once"), Conflict)


def test_the_workspace_is_named_behind_the_command(place: Workspace) -> None:
    done = CliRunner().invoke(cli, ["loop", "-w", str(place.root), "status"])
    assert "--workspace belongs behind 'status'." in done.output
