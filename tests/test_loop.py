"""The loop over a workspace with versions of nothing, and stages that only note that they ran."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from tests.unreleased import registered

from dragoman import clock
from dragoman.app import loop as loop_module
from dragoman.app import loop_child, loop_deciding, loop_training
from dragoman.app.loop import Loop, say_outcome
from dragoman.app.loop_child import LoopChild
from dragoman.app.loop_deciding import decide_retraining
from dragoman.app.loop_place import LoopPlace, open_loop_place
from dragoman.app.loop_status import LoopDesk
from dragoman.app.loop_training import TrainingChild
from dragoman.errors import Conflict, InvalidInput, NotFound
from dragoman.loop.cancelling import cancel_job
from dragoman.loop.stages import NotYet, Stage
from dragoman.loop.worker import Worker
from dragoman.records import Block, By, Job, RetrainDecision, Trigger

ADA = By(actor="ada", reason="new wording")
FIVE = 1_772_341_200.0  # 2026-03-01T05:00:00Z
LEARNS = "\n[retraining]\n[log]\ntext = true\n"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[LoopPlace]:
    made = registered(tmp_path)
    made.catalog.close()
    spec = tmp_path / "models" / "support.toml"
    spec.write_text(spec.read_text() + LEARNS)
    place = open_loop_place(tmp_path)
    yield place
    place.catalog.close()


class Noted:
    """Stages that note the jobs which they were run for; one may do something else."""

    def __init__(self) -> None:
        self.ran: list[str] = []
        self.acts: dict[str, Callable[[], Any]] = {}

    def stages(self, place: LoopPlace) -> dict[str, list[Stage]]:
        return {kind: [Stage("note", self._note)] for kind in ("evaluate", "queue", "materialize", "compact")}

    def _note(self, job: Job) -> Mapping[str, Any]:
        self.ran.append(job.id)
        self.acts.get(job.kind, lambda: None)()
        return {}


class Clock:
    now = FIVE

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch) -> Noted:
    noted = Noted()
    monkeypatch.setattr(loop_module, "light_stages", noted.stages)
    return noted


@pytest.fixture
def loops(place: LoopPlace, noted: Noted) -> Iterator[Callable[[], Loop]]:
    """Makes loops over one clock, and closes them."""
    made: list[Loop] = []
    now = Clock()

    def make() -> Loop:
        made.append(Loop(place, now=now))
        return made[-1]

    yield make
    for one in made:
        one.close()


def until(holds: Callable[[], bool], act: Callable[[], Any] = lambda: None) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        act()
        time.sleep(0.01)


def test_once_does_everything_that_is_due(loops: Callable[[], Loop], noted: Noted) -> None:
    done = loops().once()
    assert {job.status for job in done} == {"done"}
    assert sorted(noted.ran) == [
        "compact:2026-03-01T00:00",
        "evaluate:support:2026-03-01T05:00",
        "queue:support:2026-03-01",
    ]


def test_what_is_done_is_not_done_again(loops: Callable[[], Loop], noted: Noted) -> None:
    loops().once()
    assert loops().once() == []


def test_one_of_two_loops_works_and_the_other_takes_over(loops: Callable[[], Loop], noted: Noted) -> None:
    first, second = loops(), loops()
    until(lambda: len(noted.ran) == 3, first.tick)
    second.tick()
    with pytest.raises(Conflict, match="Another process runs the loop"):
        second.once()
    first.close()
    assert loops().once() == []  # it was let go


def test_a_job_that_fails_keeps_no_other_from_its_turn(loops: Callable[[], Loop], noted: Noted) -> None:
    def fail() -> None:
        raise InvalidInput("No such column.", help="Add it.")

    noted.acts["evaluate"] = fail
    done = {job.kind: job for job in loops().once()}
    assert (done["evaluate"].status, done["evaluate"].attempts) == ("waiting", 1)
    assert "No such column." in done["evaluate"].error
    assert (done["queue"].status, done["compact"].status) == ("done", "done")


def test_a_light_job_that_hangs_does_not_hold_up_the_others_that_are_supervised(
    loops: Callable[[], Loop], noted: Noted, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on = threading.Event()
    monkeypatch.setattr(loop_module, "STOP_SECONDS", 0.0)
    noted.acts = dict.fromkeys(("evaluate", "queue", "compact"), goes_on.wait)
    loop, looked = loops(), []
    monkeypatch.setattr(loop.training, "tick", lambda: looked.append(1))
    until(lambda: len(looked) > 3 and len(noted.ran) == 1, loop.tick)
    monkeypatch.setattr(loop_module, "LONG_SECONDS", 0.0)
    assert (loop.run(), loop.hangs) == (loop_module.STUCK, True)
    goes_on.set()
    until(lambda: not loop.hangs)


def test_a_loop_that_is_stopped_begins_no_stage(loops: Callable[[], Loop], noted: Noted, place: LoopPlace) -> None:
    loop = loops()
    noted.acts = dict.fromkeys(("evaluate", "queue", "compact"), loop.stop)
    loop.once()
    assert len(noted.ran) == 1


def test_a_job_may_wait_for_something(loops: Callable[[], Loop], noted: Noted) -> None:
    def wait() -> None:
        raise NotYet("Nobody has asked anything yet.", 600)

    noted.acts["queue"] = wait
    (queue,) = [job for job in loops().once() if job.kind == "queue"]
    assert (queue.status, queue.attempts, queue.due) == ("waiting", 0, "2026-03-01T05:10:00.000Z")


def test_when_the_next_slot_comes_the_jobs_that_wait_are_over(place: LoopPlace, noted: Noted) -> None:
    def wait() -> None:
        raise NotYet("Nobody has asked anything yet.", 86_400)

    noted.acts = {"queue": wait}
    now = Clock()
    Loop(place, now=now).once()
    now.now += 86_400
    Loop(place, now=now).once()
    assert [job.status for job in place.catalog.jobs(kinds=["queue"])] == ["cancelled", "waiting"]


def test_old_jobs_are_forgotten(place: LoopPlace, noted: Noted) -> None:
    now = Clock()
    Loop(place, now=now).once()
    now.now += 8 * 86_400
    Loop(place, now=now).once()
    assert {job.created[:10] for job in place.catalog.jobs()} == {"2026-03-09"}


def test_a_spec_with_errors_stops_its_own_model_only(place: LoopPlace, caplog: pytest.LogCaptureFixture) -> None:
    (place.root / "models" / "broken.toml").write_text("name = ")
    assert [one.name for one in place.subjects()] == ["support"]
    place.subjects()
    assert len([row for row in caplog.messages if "broken.toml" in row]) == 1


def test_a_model_whose_log_keeps_no_text_has_no_tasks_and_that_is_said_once(
    place: LoopPlace, caplog: pytest.LogCaptureFixture
) -> None:
    spec = place.root / "models" / "support.toml"
    spec.write_text(spec.read_text().replace("text = true", "text = false"))
    assert [one.reviews for one in (*place.subjects(), *place.subjects())] == [False, False]
    assert len([row for row in caplog.messages if "keeps no text" in row]) == 1


def test_a_model_without_champion_is_left_alone(place: LoopPlace) -> None:
    place.catalog.move_alias("support", "champion", None, expected=1)
    assert place.subjects() == []


# Decisions ------------------------------------------------------------------------------------------------------------


def decided(
    verdict: Any = "train", *, time: str = "2026-03-01T05:00:00.000Z", id: str = "support:5"
) -> RetrainDecision:
    return RetrainDecision(
        id=id,
        model="support",
        champion=1,
        time=time,
        verdict=verdict,
        triggers=[Trigger(kind="labels", text="620 new labels; 500 are worth a training.")],
        blocks=[Block(kind="cooldown", text="The last one was a day ago.")] if verdict == "wait" else [],
        job=f"retrain:{id}" if verdict == "train" else "",
    )


@pytest.fixture
def decide(place: LoopPlace, monkeypatch: pytest.MonkeyPatch) -> Callable[[RetrainDecision], Mapping[str, Any]]:
    """Runs the stage with a governor that says this."""

    def run(decision: RetrainDecision) -> Mapping[str, Any]:
        monkeypatch.setattr(loop_deciding, "_decided", lambda *arguments: decision)
        job = Job(id=f"evaluate:{decision.id}", kind="evaluate", model="support", due="", created="")
        return decide_retraining(place, place.spec("support"), job, quality=None)

    return run


def test_a_decision_to_train_adds_a_job(place: LoopPlace, decide: Callable[..., Any]) -> None:
    assert decide(decided()) == {"verdict": "train", "decision": "support:5", "job": "retrain:support:5"}
    (job,) = place.catalog.jobs(kinds=["retrain"])
    assert job.input == {"decision": "support:5", "reason": "620 new labels; 500 are worth a training."}
    assert place.catalog.decision("support:5").job == job.id


def test_a_kill_between_decision_and_job_makes_neither_two_jobs_nor_none(
    place: LoopPlace, decide: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(place.catalog, "add_job", lambda *arguments, **options: (_ for _ in ()).throw(KeyboardInterrupt))
        decide(decided())
    assert len(place.catalog.decisions(model="support")) == 1
    for _ in range(2):
        decide(decided("none"))  # the situation has changed meanwhile; what was decided holds
    assert [job.id for job in place.catalog.jobs(kinds=["retrain"])] == ["retrain:support:5"]
    assert len(place.catalog.decisions(model="support")) == 1


@pytest.mark.parametrize(
    ("later", "kept"),
    [
        (decided("wait", id="support:6", time="2026-03-01T06:00:00.000Z"), 1),
        (decided("wait", id="support:6", time="2026-03-02T05:00:00.000Z"), 2),
        (decided("ask", id="support:6", time="2026-03-01T06:00:00.000Z"), 2),
    ],
)
def test_only_a_change_is_kept_or_once_a_day(
    place: LoopPlace, decide: Callable[..., Any], later: RetrainDecision, kept: int
) -> None:
    decide(decided("wait"))
    decide(later)
    assert len(place.catalog.decisions(model="support")) == kept


# Trainings ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def child(loops: Callable[[], Loop], place: LoopPlace, monkeypatch: pytest.MonkeyPatch) -> Iterator[TrainingChild]:
    """Supervises a job; its child sleeps."""
    now = clock.written()
    place.catalog.add_job(Job(id="retrain:x", kind="retrain", model="support", due=now, created=now))
    sleep = [sys.executable, "-c", "import time; time.sleep(60)"]
    monkeypatch.setattr(loop_training, "start_command", lambda *arguments, **options: subprocess.Popen(sleep))
    monkeypatch.setattr(loop_training, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(loop_training, "FIRST_PAUSE", 0.0)
    worker = Worker(place.catalog, {"retrain": ()}, holder="h")
    child = TrainingChild(place, worker)
    yield child
    child.close()


def process_of(child: TrainingChild) -> subprocess.Popen[bytes]:
    assert child._child is not None
    return child._child


def test_a_training_whose_process_is_killed_gets_another_one(child: TrainingChild) -> None:
    child.tick()
    first = process_of(child)
    first.kill()
    until(lambda: process_of(child) is not first, child.tick)
    assert child.is_running


def test_a_process_that_keeps_ending_badly_is_started_less_and_less(
    child: TrainingChild, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr(loop_training, "time", SimpleNamespace(monotonic=lambda: now[0]))

    def look() -> None:
        child.tick()
        now[0] += 0.5

    child._pause, pauses = 1.0, []
    for _ in range(4):
        began = now[0]
        until(lambda: child.is_running, look)
        pauses.append(now[0] - 0.5 - began)
        process_of(child).kill()
        process_of(child).wait()
        child.tick()
    assert pauses == [0.0, 1.0, 2.0, 4.0]


def test_a_loop_that_keeps_dying_beside_a_server_is_started_less_and_less(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fails = [sys.executable, "-c", "raise SystemExit(3)"]
    monkeypatch.setattr(loop_child, "start_command", lambda *arguments, **options: subprocess.Popen(fails))
    for name, value in (("LOOK_SECONDS", 0.01), ("FIRST_PAUSE", 0.01), ("LONGEST_PAUSE", 0.03)):
        monkeypatch.setattr(loop_child, name, value)
    with LoopChild(tmp_path) as child:
        child.start()
        until(lambda: len(caplog.messages) >= 4)
    pauses = [message.rpartition(" in ")[2] for message in caplog.messages[:4]]
    assert pauses == ["0.01 s.", "0.02 s.", "0.03 s.", "0.03 s."]
    assert "The loop ended (exit code 3)" in caplog.messages[0]


def test_a_cancelled_training_is_ended(child: TrainingChild, place: LoopPlace) -> None:
    child.tick()
    cancel_job(place.catalog, "retrain:x", by=ADA)
    until(lambda: not child.is_running, child.tick)
    child.tick()
    assert not child.is_running


def test_a_loop_that_closes_ends_its_training(child: TrainingChild) -> None:
    child.tick()
    process = process_of(child)
    child.close()
    assert process.poll() is not None


# What people ask ------------------------------------------------------------------------------------------------------


def test_an_approval_names_who_gave_it_and_lets_the_loop_look_again(place: LoopPlace) -> None:
    place.catalog.save_decision(decided("ask"))
    assert LoopDesk(place).approve("support", by=ADA).approved_by == "ada"
    assert place.catalog.decision("support:5").approved_by == "ada"
    (job,) = place.catalog.jobs(kinds=["evaluate"])
    assert job.due <= clock.written()


def test_what_does_not_wait_for_approval_cannot_be_approved(place: LoopPlace) -> None:
    with pytest.raises(Conflict, match="nothing was decided"):
        LoopDesk(place).approve("support", by=ADA)
    place.catalog.save_decision(decided("wait"))
    with pytest.raises(Conflict, match="its last decision is 'wait'"):
        LoopDesk(place).approve("support", by=ADA)
    with pytest.raises(NotFound):
        LoopDesk(place).approve("sales", by=ADA)


def test_a_request_stands_in_the_audit_log(place: LoopPlace) -> None:
    job = LoopDesk(place).ask("support", by=ADA, force=True)
    assert job.input["force"] is True
    (row,) = place.catalog.audit_rows(action="retraining.asked")
    assert (row.actor, row.subject, row.detail["reason"]) == ("ada", "models:/support", "new wording")
    (shown,) = LoopDesk(place).status().models
    assert shown.asked == ADA


def test_a_model_that_is_not_retrained_cannot_be_asked_for(place: LoopPlace) -> None:
    spec = place.root / "models" / "support.toml"
    spec.write_text(spec.read_text().replace("[retraining]", ""))
    with pytest.raises(InvalidInput, match=r"no table \[retraining\]"):
        LoopDesk(place).ask("support", by=ADA)


def test_the_status_says_whether_a_loop_runs(place: LoopPlace, loops: Callable[[], Loop]) -> None:
    assert not LoopDesk(place).status().runs
    loop = loops()
    loop.tick()
    assert LoopDesk(place).status().runs


def test_the_status_shows_what_failed(place: LoopPlace) -> None:
    now = clock.written()
    failed = Job(id="retrain:x", kind="retrain", model="support", due=now, created=now, error="no disk")
    added = place.catalog.add_job(failed)
    place.catalog.save_job(msgspec.structs.replace(added, status="failed", finished=now))
    assert [job.error for job in LoopDesk(place).status().failed] == ["no disk"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"status": "failed", "error": "no disk"}, "The job 'j' failed: no disk"),
        ({"attempts": 2, "error": "no disk"}, "The job 'j' failed at attempt 2, and is tried again: no disk"),
    ],
)
def test_the_log_says_how_a_job_ended(changes: dict[str, Any], said: str, caplog: pytest.LogCaptureFixture) -> None:
    job = Job(id="j", kind="compact", due="", created="")
    say_outcome(msgspec.structs.replace(job, **changes))
    assert caplog.messages == [said]
