from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from tests.loop.works import ID, START, Killed, World

from dragoman.clock import written
from dragoman.errors import Conflict, InvalidSpec, NotFound, Unavailable
from dragoman.loop import course
from dragoman.loop.cancelling import cancel_job
from dragoman.loop.course import MOST_ATTEMPTS, pause_after
from dragoman.loop.stages import Ended, NotYet
from dragoman.records import Job, Spent

replace = msgspec.structs.replace


def refuse(job: Job) -> Mapping[str, Any]:
    raise InvalidSpec("'support' has no labels.", help="Name them.")


def kill(job: Job) -> Mapping[str, Any]:
    raise Killed


def killed_run(world: World, **changes: Any) -> None:
    """A job whose process was killed in its only stage, and whose lease has run out."""
    if not world.jobs():
        world.add(**changes)
    with pytest.raises(Killed):
        world.worker(world.stage("one", kill)).run(ID)
    world.expire()


# The stages ---------------------------------------------------------------------------------------------------------


def test_a_job_runs_through_its_stages_and_keeps_what_they_gave() -> None:
    world = World()
    world.add()
    job = world.worker(world.stage("one"), world.stage("two")).run(ID)
    assert job == world.job(ID)
    assert (job.status, job.stage, job.attempts, job.output) == ("done", "two", 0, {"one": 0, "two": 1})
    assert (job.started, job.finished, job.holder) == (written(START), written(START), "w1")
    assert world.begins == [("one", {}), ("two", {"one": 0})]
    assert world.holders == {}


def test_a_job_goes_on_after_the_last_stage_that_is_done() -> None:
    world = World()
    world.add(stage="one", output={"one": 5})
    job = world.worker(world.stage("one"), world.stage("two")).run(ID)
    assert (world.begun, job.output) == (["two"], {"one": 5, "two": 1})


def test_a_stage_may_end_the_job() -> None:
    world = World()
    world.add()

    def end(job: Job) -> Mapping[str, Any]:
        raise Ended(result="gates failed")

    job = world.worker(world.stage("one", end), world.stage("two")).run(ID)
    assert (job.status, job.stage, job.output) == ("done", "one", {"result": "gates failed"})


def test_a_stage_that_is_not_ready_waits_without_an_attempt() -> None:
    world = World()
    world.add()

    def wait(job: Job) -> Mapping[str, Any]:
        raise NotYet("The release r1 is active.", 600.0)

    job = world.worker(world.stage("one"), world.stage("two", wait)).run(ID)
    assert (job.status, job.stage, job.attempts) == ("waiting", "one", 0)
    assert (job.due, job.error) == (written(START + 600.0), "The release r1 is active.")
    assert world.holders == {}


def test_what_stages_take_adds_up() -> None:
    world = World()
    world.add(spent=Spent(seconds=100.0, stored_bytes=7))
    job = world.worker(world.stage("one"), world.stage("two")).run(ID)
    assert job.spent.seconds > 100.0
    assert job.spent.gb_seconds > 0.0
    assert job.spent.stored_bytes == 7


# Errors -------------------------------------------------------------------------------------------------------------


def test_a_stage_that_fails_is_tried_again_after_growing_pauses() -> None:
    world = World()
    world.add()
    worker = world.worker(world.stage("one", refuse))
    pauses = []
    while not (job := worker.run(ID)).is_over:
        pauses.append(pause_after(job.attempts))
        assert job.due == written(world.now + pauses[-1])
        world.now += pauses[-1]
    assert pauses == [30.0, 120.0, 480.0, 1_920.0, 7_200.0, 7_200.0, 7_200.0]
    assert (job.status, job.error, job.finished) == (
        "failed",
        "'support' has no labels. Help: Name them.",
        written(world.now),
    )
    assert world.begun == ["one"] * MOST_ATTEMPTS
    assert job.started == written(START)


def test_an_error_is_forgotten_when_the_stage_is_done() -> None:
    world = World()
    world.add()
    assert world.worker(world.stage("one", refuse)).run(ID).attempts == 1
    world.now += 30.0
    job = world.worker(world.stage("one"), world.stage("two", refuse)).run(ID)
    assert (job.stage, job.attempts) == ("one", 1)
    world.now += 30.0
    assert world.worker(world.stage("one"), world.stage("two")).run(ID).error == ""


def test_an_error_of_the_program_is_logged_and_named_only(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    world.add()

    def divide(job: Job) -> Mapping[str, Any]:
        raise ZeroDivisionError("a secret")

    with caplog.at_level(logging.ERROR):
        job = world.worker(world.stage("one", divide)).run(ID)
    assert job.error == "ZeroDivisionError: the log says more."
    assert "a secret" in caplog.text


def test_an_output_that_cannot_be_stored_is_an_error_of_the_stage(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    world.add()
    job = world.worker(world.stage("one", lambda job: {"when": object()})).run(ID)
    assert (job.status, job.stage, job.output) == ("waiting", "", {})
    assert job.error.startswith("TypeError")


def test_an_error_in_broken_unicode_is_kept() -> None:
    world = World()
    world.add()

    def refuse_oddly(job: Job) -> Mapping[str, Any]:
        raise InvalidSpec("no label '\ud800'")

    assert world.worker(world.stage("one", refuse_oddly)).run(ID).error == "no label '?'"


def test_a_job_of_another_release_is_an_error() -> None:
    world = World()
    world.add(stage="gone")
    job = world.worker(world.stage("one")).run(ID)
    assert (job.status, world.begun) == ("waiting", [])
    assert "'gone' of the job is not known here" in job.error


# Kills --------------------------------------------------------------------------------------------------------------


def test_a_killed_job_goes_on_at_once_when_its_lease_is_free() -> None:
    world = World()
    world.add()
    with pytest.raises(Killed):
        world.worker(world.stage("one"), world.stage("two", kill)).run(ID)
    other = world.worker(world.stage("one"), world.stage("two"), holder="w2")
    assert other.next() is None
    found = world.job(ID)
    assert other.run(ID) == found == world.job(ID)
    world.expire()
    assert [job.id for job in [other.next()] if job] == [ID]
    assert (other.run(ID).status, world.begun) == ("done", ["one", "two", "two"])


def test_a_killed_job_goes_on_though_the_clock_was_set_back() -> None:
    world = World()
    killed_run(world)
    world.now -= 3_600.0
    assert world.worker(world.stage("one")).next() == world.job(ID)
    assert world.worker(world.stage("one")).run(ID).status == "done"


def test_two_workers_of_one_name_do_not_share_a_job() -> None:
    world = World()
    world.add()
    same = world.worker(world.stage("one"))

    def look(job: Job) -> Mapping[str, Any]:
        assert same.next() is None
        assert same.run(ID).status == "running"
        return {}

    assert world.worker(world.stage("one", look)).run(ID).status == "done"
    assert world.begun == ["one"]


def test_a_kill_counts_as_an_attempt() -> None:
    world = World()
    killed_run(world)
    assert (world.job(ID).status, world.job(ID).attempts) == ("running", 1)
    job = world.worker(world.stage("one", refuse), holder="w2").run(ID)
    assert (job.attempts, job.due) == (2, written(START + 120.0))


def test_a_job_that_kills_its_process_again_and_again_pauses_and_fails() -> None:
    world = World()
    starts = []
    for _ in range(3):
        killed_run(world)
    while not (job := world.worker(world.stage("one")).run(ID)).is_over:
        assert job.error == f"The process 'w1' ended without a word at its first stage, at attempt {job.attempts}."
        starts.append(job.due)
        world.now += pause_after(job.attempts - 2)
        assert job.due == written(world.now)
        killed_run(world)
    assert (job.status, job.attempts, len(starts)) == ("failed", MOST_ATTEMPTS, 5)
    assert "ended without a word" in job.error
    assert world.begun == ["one"] * MOST_ATTEMPTS


@pytest.mark.parametrize("end", [SystemExit, KeyboardInterrupt])
def test_a_job_is_put_back_when_its_process_is_ended_on_purpose(end: type[BaseException]) -> None:
    world = World()
    world.add()

    def leave(job: Job) -> Mapping[str, Any]:
        raise end

    with pytest.raises(end):
        world.worker(world.stage("one"), world.stage("two", leave)).run(ID)
    job = world.worker(world.stage("one"), world.stage("two")).next()
    assert job is not None
    assert (job.status, job.stage, job.attempts, world.holders) == ("waiting", "one", 0, {})


def test_a_worker_that_lost_its_lease_saves_nothing() -> None:
    world = World()
    world.add()
    other = world.worker(world.stage("one"), world.stage("two"), holder="w2")

    def sleep_long(job: Job) -> Mapping[str, Any]:
        world.expire()
        assert other.run(ID).status == "done"
        return {"one": "late"}

    job = world.worker(world.stage("one", sleep_long), world.stage("two")).run(ID)
    assert (job.status, job.holder, job.output) == ("done", "w2", {"one": 0, "two": 1})
    assert world.begun == ["one", "one", "two"]


def test_a_worker_without_a_lease_begins_no_other_stage() -> None:
    world = World()
    world.add()

    def lose(job: Job) -> Mapping[str, Any]:
        world.holders[f"job {ID}"] = "somebody else"
        return {}

    job = world.worker(world.stage("one", lose), world.stage("two")).run(ID)
    assert (job.stage, job.status, world.begun) == ("one", "running", ["one"])
    assert world.holders == {f"job {ID}": "somebody else"}


# The catalog --------------------------------------------------------------------------------------------------------


def test_a_catalog_that_is_away_for_a_moment_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(course, "SAVE_PAUSES", (0.0, 0.0))
    world = World()
    world.add()

    def cut(job: Job) -> Mapping[str, Any]:
        world.at_save += [Unavailable("no route"), Unavailable("no route")]
        monkeypatch.setattr(world, "job", world.job_while_away)
        return {}

    assert world.worker(world.stage("one", cut)).run(ID).status == "done"
    assert world.begun == ["one"]


def test_a_save_whose_answer_was_lost_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(course, "SAVE_PAUSES", (0.0,))

    class Deaf(World):
        def save_job(self, job: Job, *, by: Any = None) -> Job:
            saved = super().save_job(job, by=by)
            if job.stage == "one" and world.begun == ["one"]:
                raise Unavailable("the connection broke")
            return saved

    world = Deaf()
    world.add()
    job = world.worker(world.stage("one"), world.stage("two")).run(ID)
    assert (job.status, world.begun) == ("done", ["one", "two"])


def test_a_catalog_that_stays_away_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(course, "SAVE_PAUSES", (0.0,))
    world = World()
    world.add()
    world.at_save += [Unavailable("no route")] * 2
    with pytest.raises(Unavailable):
        world.worker(world.stage("one")).run(ID)
    assert world.begun == []


# Which job ----------------------------------------------------------------------------------------------------------


def test_the_job_that_is_due_longest_is_next() -> None:
    world = World()
    world.add(id="b", due=written(START - 10.0))
    world.add(id="a", due=written(START - 5.0))
    world.add(id="later", due=written(START + 5.0))
    world.add(id="done", due=written(START - 60.0), status="done")
    worker = world.worker(world.stage("one"))
    taken = []
    while (job := worker.next()) is not None:
        taken.append(worker.run(job.id).id)
    assert taken == ["b", "a"]


def test_only_kinds_with_a_handler_are_next() -> None:
    world = World()
    world.add(kind="compact", model="")
    worker = world.worker(world.stage("one"), kind="retrain")
    assert worker.next() is worker.next(["compact"]) is None
    assert worker.run(ID).status == "waiting"
    world.add(id="retrain:support", kind="retrain")
    assert worker.next(["compact"]) is None
    assert worker.next(["compact", "retrain"]) == worker.next() == world.job("retrain:support")


def test_a_kind_without_stages_is_seen_and_not_run() -> None:
    world = World()
    job = world.add()
    worker = world.worker()
    assert worker.next() == worker.run(ID) == job


@pytest.mark.parametrize("changes", [{"status": "cancelled"}, {"status": "failed"}, {"due": written(START + 1.0)}])
def test_a_job_that_is_over_or_not_due_is_left_alone(changes: dict[str, Any]) -> None:
    world = World()
    job = world.add(**changes)
    assert world.worker(world.stage("one")).run(ID) == job
    assert world.begun == []


def test_an_unknown_job_is_refused() -> None:
    world = World()
    with pytest.raises(NotFound, match="no job 'x'"):
        world.worker(world.stage("one")).run("x")


# Cancelling ---------------------------------------------------------------------------------------------------------


def test_a_cancelled_job_begins_no_other_stage() -> None:
    world = World()
    world.add()

    def cancel(job: Job) -> Mapping[str, Any]:
        cancel_job(world, ID, clock=lambda: START + 5.0)
        return {"one": "lost"}

    job = world.worker(world.stage("one", cancel), world.stage("two")).run(ID)
    assert (job.status, job.finished, job.output) == ("cancelled", written(START + 5.0), {})
    assert world.begun == ["one"]


def test_what_is_over_is_not_cancelled() -> None:
    world = World()
    job = world.add(status="done")
    assert cancel_job(world, ID) == job


def test_a_job_that_changes_meanwhile_is_cancelled_all_the_same() -> None:
    world = World()
    world.add()
    world.at_save.append(Conflict("somebody else was first"))
    assert cancel_job(world, ID).status == "cancelled"
