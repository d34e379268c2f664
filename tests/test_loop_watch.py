from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.unreleased import registered

from dragoman.app.loop_watch import LoopWatch
from dragoman.app.workspace import Workspace
from dragoman.clock import written
from dragoman.records import Job

NOW = 1_772_341_200.0
HOUR = 3_600.0


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Workspace]:
    place = registered(tmp_path)
    spec = tmp_path / "models" / "support.toml"
    spec.write_text(spec.read_text() + "\n[retraining]\n")
    yield place
    place.catalog.close()


def job(place: Workspace, kind: Any = "evaluate", *, hours: float = 1.0, **changes: Any) -> None:
    when = written(NOW - hours * HOUR)
    added = place.catalog.add_job(Job(id=f"{kind}:{hours}", kind=kind, model="support", due=when, created=when))
    place.catalog.save_job(msgspec.structs.replace(added, **changes))


def found(place: Workspace, *, up: float = 24.0) -> dict[str, str]:
    """Symptoms by their names, seen by a server that is up for so many hours."""
    watch = LoopWatch(place.catalog, place.specs(), place.settings)
    symptoms = watch.symptoms(NOW, up_since=NOW - up * HOUR)
    assert {(one.model, one.kind, one.severity) for one in symptoms} <= {("support", "loop", "ticket")}
    return {one.name: one.summary for one in symptoms}


def test_a_model_that_was_looked_at_lately_is_looked_after(place: Workspace) -> None:
    job(place, status="done")
    assert found(place) == {}


def test_nobody_looks_where_no_process_runs_the_loop(place: Workspace) -> None:
    job(place, hours=4, status="done")
    assert found(place) == {
        "process": "No process runs the loop: 'support' was not looked at for 3 hours, and is not retrained."
    }


def test_a_server_that_has_just_come_waits_for_its_loop(place: Workspace) -> None:
    assert found(place, up=1.0) == {}


def test_a_loop_that_has_slept_is_given_its_time(place: Workspace) -> None:
    place.catalog.lease("loop", "the loop", seconds=60)
    assert found(place) == {}


def test_a_model_that_cannot_be_measured_is_told(place: Workspace) -> None:
    place.catalog.lease("loop", "the loop", seconds=60)
    job(place, status="waiting", attempts=2, error="The table 'labels' cannot be read.")
    assert found(place) == {
        "evaluate": "'support' could not be measured for 3 hours: The table 'labels' cannot be read."
    }


@pytest.mark.parametrize(
    ("status", "hours", "names"), [("failed", 5, ["retrain"]), ("failed", 24 * 8, []), ("done", 5, [])]
)
def test_a_training_that_failed_is_told_for_a_week(
    place: Workspace, status: str, hours: float, names: list[str]
) -> None:
    job(place, status="done")
    job(place, "retrain", hours=hours, status=status, stage="train", finished=written(NOW - hours * HOUR), error="Why.")
    assert list(found(place)) == names
    assert set(found(place).values()) <= {"A training of 'support' failed after 'train': Why."}


def test_a_model_that_is_not_retrained_needs_no_loop(place: Workspace) -> None:
    spec = place.root / "models" / "support.toml"
    spec.write_text(spec.read_text().replace("[retraining]", ""))
    assert found(place) == {}
