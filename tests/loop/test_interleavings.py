"""Whatever happens to two workers on one job, its stages are done once each, in order, from the same inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.loop.works import ID, Killed, World

from dragoman.errors import Overloaded
from dragoman.loop.stages import NotYet, Stage
from dragoman.loop.worker import Worker
from dragoman.records import Job

Event = Literal["go", "kill", "kill before save", "kill after save", "fail", "wait", "stop", "pause"]
EVENTS: list[Event] = ["go", "kill", "kill before save", "kill after save", "fail", "wait", "stop", "pause"]
NAMES = ["one", "two", "three"]
FEWER_THAN_MOST_ATTEMPTS = 7


class Stormy(World):
    """Each stage that is begun takes the next event."""

    def __init__(self, events: list[Event]) -> None:
        super().__init__()
        self.events = list(events)
        self.dies_after_save = False
        self.add()

    def save_job(self, job: Job, *, by: Any = None) -> Job:
        saved = super().save_job(job, by=by)
        if self.dies_after_save:
            self.dies_after_save = False
            raise Killed
        return saved

    def storm(self, name: str) -> Stage:
        return self.stage(name, lambda job: self.do(name, job))

    def do(self, name: str, job: Job) -> Mapping[str, Any]:
        done = self.job(ID).stage
        assert NAMES.index(name) == (NAMES.index(done) + 1 if done else 0)  # no finished stage, and none left out
        event = self.events.pop(0) if self.events else "go"
        self.dies_after_save = event == "kill after save"
        self.at_save += [Killed()] if event == "kill before save" else []
        if event == "pause":  # the machine sleeps, its lease runs out, another one works meanwhile
            self.expire()
            work(self, "other")
        elif error := {"kill": Killed(), "fail": Overloaded(""), "wait": NotYet("", 60.0), "stop": SystemExit()}.get(
            event
        ):
            raise error
        return {name: sorted(job.output)}


def work(world: Stormy, holder: str) -> None:
    """A process that runs the job as far as it goes, and may die of it."""
    stages = [world.storm(name) for name in NAMES]
    worker = Worker(world, {"evaluate": stages}, holder=holder, clock=lambda: world.now)
    try:
        if (job := worker.next()) is not None:
            worker.run(job.id)
    except (Killed, SystemExit):
        world.expire()


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(EVENTS), max_size=FEWER_THAN_MOST_ATTEMPTS))
def test_every_stage_is_done_once_in_order_from_the_same_inputs(events: list[Event]) -> None:
    world = Stormy(events)
    for round in range(100):
        if world.job(ID).is_over:
            break
        work(world, f"w{round % 2}")
        world.now += 7_200.0
    job = world.job(ID)
    assert job.status == "done"
    assert job.output == {"one": [], "two": ["one"], "three": ["one", "two"]}
    inputs = {name: [seen for begun, seen in world.begins if begun == name] for name in NAMES}
    assert all(seen == runs[0] for runs in inputs.values() for seen in runs)
    assert world.holders == {}
