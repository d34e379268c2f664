from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from dragoman import clock
from dragoman.app.ledger import SPENT_FILE, begin_run, executions_of, hold_budget, ledger_of, overrun_of, read_spent
from dragoman.app.run_spending import new_bytes, run_spending
from dragoman.app.training import refusal_of
from dragoman.app.workspace import Workspace, open_workspace
from dragoman.clock import written
from dragoman.errors import BudgetExceeded
from dragoman.records import BundleFile, By, Manifest, Run, Spent
from dragoman.spec import ModelSpec

HOUR = 3_600.0
SPEC = """
name = "support"
owner = "team@example.com"
languages = ["en"]

[data]
files = ["data/*.jsonl"]
labels = ["invoice", "refund"]

[budget]
days = 7
"""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Workspace]:
    (tmp_path / "models").mkdir()
    (tmp_path / "dragoman.toml").write_text("")
    place = open_workspace(tmp_path)
    limit(place, "cpu_hours = 10")
    yield place
    place.catalog.close()


def limit(place: Workspace, line: str) -> ModelSpec:
    (place.root / "models" / "support.toml").write_text(SPEC + line)
    return place.spec("support")


def run(id: str, *, hours: float | None = None, days_ago: float = 0.0, status: str = "completed") -> Run:
    """A run that took so many hours of one core."""
    return Run(
        id=id,
        model="support",
        status=status,
        spec={},
        spec_digest="d",
        dataset="support",
        dataset_number=1,
        dataset_digest="d",
        code={},
        environment={},
        hardware={},
        seed=0,
        started=written(clock.seconds() - days_ago * 24 * HOUR),
        spent=None if hours is None else Spent(cpu_seconds=HOUR * hours),
    )


def is_killed(place: Workspace, id: str, *, hours: float, alive: bool = False) -> None:
    """Leave what a run leaves that was killed, or that is alive, after so many hours of one core."""
    folder = place.state / "runs" / id
    folder.mkdir(parents=True)
    (folder / SPENT_FILE).write_bytes(msgspec.json.encode(Spent(cpu_seconds=HOUR * hours)))
    folder.with_name(f"{id}.lock").write_text(str(os.getpid()) if alive else "999999999")
    place.catalog.save_run(run(id, status="running"))


def hours_of(place: Workspace) -> list[float]:
    return [one.spent.cpu_seconds / HOUR for one in ledger_of(place, "support").past]


def test_the_ledger_has_every_training_the_oldest_first(place: Workspace) -> None:
    for one in (run("a", hours=2, days_ago=1), run("b", hours=3, days_ago=4), run("c", hours=1, status="failed")):
        place.catalog.save_run(one)
    assert hours_of(place) == [3, 2, 1]


def test_an_estimate_rests_on_completed_trainings_and_on_others_only_without_them(place: Workspace) -> None:
    place.catalog.save_run(run("a", hours=9, status="failed"))
    assert ledger_of(place, "support").estimate == Spent(cpu_seconds=9 * HOUR)
    place.catalog.save_run(run("b", hours=2, days_ago=3))
    assert ledger_of(place, "support").estimate == Spent(cpu_seconds=2 * HOUR)


def test_one_that_runs_counts_as_what_is_expected_of_it(place: Workspace) -> None:
    place.catalog.save_run(run("a", hours=5, days_ago=2))
    is_killed(place, "b", hours=1, alive=True)
    assert hours_of(place) == [5, 5]


def test_one_that_was_killed_counts_as_what_it_took(place: Workspace) -> None:
    place.catalog.save_run(run("a", hours=5, days_ago=2))
    is_killed(place, "b", hours=1)
    assert hours_of(place) == [5, 1]


def test_a_training_without_room_is_refused_with_what_to_do(place: Workspace) -> None:
    place.catalog.save_run(run("a", hours=6, days_ago=2))
    with pytest.raises(BudgetExceeded, match=r"6 of 10 CPU hours .* takes about 6 more\.") as refused:
        hold_budget(place, place.spec("support"), "b")
    assert refused.value.help.startswith("wait until 20")
    assert "--over-budget" in refused.value.help


def test_who_passes_the_budget_over_stands_in_the_audit_log(place: Workspace) -> None:
    place.catalog.save_run(run("a", hours=6, days_ago=2))
    hold_budget(place, place.spec("support"), "b", over=By(actor="ann", reason="the old one is wrong"))
    (row,) = place.catalog.audit_rows(action="budget.exceeded")
    assert (row.actor, row.subject, row.detail["run"]) == ("ann", "models:/support", "b")
    assert row.detail["reason"] == "the old one is wrong"
    assert "6 of 10 CPU hours" in row.detail["blocks"][0]


def test_with_room_nothing_is_logged(place: Workspace) -> None:
    place.catalog.save_run(run("a", hours=5, days_ago=2))
    hold_budget(place, place.spec("support"), "b", over=By(actor="ann"))
    assert place.catalog.audit_rows(action="budget.exceeded") == []


def test_one_that_goes_on_after_a_kill_is_not_held_against_itself(place: Workspace) -> None:
    place.catalog.save_run(run("a", hours=4, days_ago=2))
    is_killed(place, "b", hours=3)
    begun = begin_run(place, place.spec("support"), run("b", status="running"))
    assert (begun.carried.cpu_seconds, begun.run.earlier) == (3 * HOUR, [])
    with pytest.raises(BudgetExceeded):
        hold_budget(place, place.spec("support"), "c")


def test_a_run_that_is_trained_again_keeps_what_it_took_before(place: Workspace) -> None:
    first = run("a", hours=2, days_ago=2)
    place.catalog.save_run(first)
    begun = begin_run(place, place.spec("support"), run("a", status="running"))
    assert begun.carried == Spent()
    assert begun.run.earlier == [(first.started, first.spent)]
    assert [one.spent for one in executions_of(place, begun.run)] == [first.spent, Spent()]
    assert hours_of(place) == [2, 0]


def test_of_two_that_begin_at_once_one_is_refused(place: Workspace) -> None:
    spec, refused = limit(place, "trainings = 1"), []

    def begin(id: str) -> None:
        try:
            begin_run(place, spec, run(id, status="running"))
        except BudgetExceeded as error:
            refused.append(error)

    threads = [threading.Thread(target=begin, args=(id,)) for id in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == len(place.catalog.runs()) == 1


def test_a_run_of_an_older_release_took_its_seconds(place: Workspace) -> None:
    old = msgspec.structs.replace(run("a"), seconds=60.0)
    assert [one.spent for one in executions_of(place, old)] == [Spent(seconds=60.0)]


def test_a_run_that_took_more_than_was_expected_says_so(place: Workspace) -> None:
    for one in (run("a", hours=2, days_ago=3), run("b", hours=1, days_ago=2), run("c", hours=30, status="failed")):
        place.catalog.save_run(one)
    assert overrun_of(place, place.spec("support"), run("d", hours=5)) == "It took 5 CPU hours; 2 were expected."
    assert overrun_of(place, place.spec("support"), run("d", hours=1.5)) == ""


def test_a_first_run_takes_what_nobody_expected(place: Workspace) -> None:
    place.catalog.save_run(run("a", hours=2))
    assert overrun_of(place, place.spec("support"), run("a", hours=2)) == ""


def test_without_a_budget_nothing_is_expected(place: Workspace) -> None:
    place.catalog.save_run(run("a", hours=2))
    assert overrun_of(place, limit(place, ""), run("b", hours=5)) == ""


def test_a_champion_goes_on_where_the_budget_has_no_room(place: Workspace) -> None:
    place.catalog.save_run(run("a", hours=6, days_ago=2))
    assert refusal_of(place, place.spec("support")) == ""
    place.catalog.add_version(model="support", bundle="b" * 64, run="a", owner="o", created="2026-03-01")
    place.catalog.move_alias("support", "champion", 1, expected=None)
    assert refusal_of(place, place.spec("support")).startswith("A training of 'support' is over its budget")


# What a run takes -----------------------------------------------------------------------------------------------


def test_what_a_run_takes_adds_to_what_it_took_before_it_was_killed(tmp_path: Path) -> None:
    with run_spending(tmp_path / "run", Spent(cpu_seconds=100.0, seconds=50.0)) as spent:
        sum(range(100_000))
    kept = read_spent(tmp_path / "run")
    assert kept is not None
    assert 100.0 < kept.cpu_seconds <= spent().cpu_seconds
    assert 50.0 < kept.seconds <= spent().seconds


def test_what_a_run_takes_is_written_while_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dragoman.app.run_spending.WRITE_SECONDS", 0.01)
    with run_spending(tmp_path, Spent(cpu_seconds=7.0)):
        while (found := read_spent(tmp_path)) is None:
            pass
    assert found.cpu_seconds > 7.0


def test_a_note_that_cannot_be_written_ends_no_training(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("a file in the folder's place")
    with run_spending(tmp_path / "run", Spent()) as spent:
        pass
    assert spent().seconds > 0
    assert read_spent(tmp_path / "run") is None


def test_only_blobs_that_are_not_stored_yet_are_new(place: Workspace) -> None:
    shared = BundleFile(path="a", digest=place.blobs.put_bytes(b"shared"), size=6)
    own = [BundleFile(path=name, digest="1" * 64, size=1_000) for name in ("b", "c")]
    manifest = Manifest(format=1, model="support", task="text-classification", files=[shared, *own])
    assert 1_000 < new_bytes(manifest, place.blobs) < 2_000
