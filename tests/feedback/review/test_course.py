"""Whatever people do, in whatever order: what holds afterwards."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.feedback.review.worlds import World

from dragoman.errors import Conflict
from dragoman.feedback.labels import LABEL_TABLE
from dragoman.feedback.review.standing import answers_of, standing_of

NAMES = st.sampled_from(["ana", "bo", "cy"])
TASKS = st.sampled_from(["t0", "t1", "t2"])
LABELS = st.sampled_from(["refund", "other", "invoice"])
STEPS = st.one_of(
    st.tuples(st.just("next"), NAMES),
    st.tuples(st.just("label"), NAMES, TASKS, LABELS),
    st.tuples(st.just("skip"), NAMES, TASKS),
    st.tuples(st.just("undo"), st.just(""), TASKS),
    st.tuples(st.just("undo"), NAMES, TASKS),
    st.tuples(st.just("wait"), st.sampled_from([0.1, 1.0, 100.0])),
    st.tuples(st.just("sweep")),
)


def act(world, step):
    kind, *rest = step
    if kind == "next":
        held = world.desk.next("support", rest[0])
        assert held is None or held.claimed_by == rest[0]
    elif kind == "label":
        name, task, label = rest
        world.desk.label(task, label, name)
    elif kind == "skip":
        world.desk.skip(rest[1], rest[0])
    elif kind == "undo":
        world.desk.undo(rest[1], name=rest[0])
    elif kind == "wait":
        world.wait(hours=rest[0])
    else:
        world.desk.sweep("support")


def newest_labels(world):
    """Prediction → its newest label, the empty ones left out."""
    if world.tables.latest(LABEL_TABLE) is None:
        return {}
    rows = sorted(world.tables.read(LABEL_TABLE).to_pylist(), key=lambda row: row["time"])
    newest = {row["prediction_id"]: row["label"] for row in rows}
    return {id: label for id, label in newest.items() if label}


def played(steps, wanted):
    world = World(double=0.5)
    world.add(3, wanted=wanted)
    for step in steps:
        with suppress(Conflict):
            act(world, step)
    return world


@settings(max_examples=120, deadline=None)
@given(steps=st.lists(STEPS, max_size=25), wanted=st.sampled_from([1, 2]))
def test_the_newest_labels_are_those_of_the_tasks(steps, wanted):
    world = played(steps, wanted)
    expected = {task.prediction_id: task.label for task in world.catalog.review_tasks() if task.label}
    assert newest_labels(world) == expected


@settings(max_examples=120, deadline=None)
@given(steps=st.lists(STEPS, max_size=25), wanted=st.sampled_from([1, 2]))
def test_a_task_is_what_its_answers_make_of_it(steps, wanted):
    world = played(steps, wanted)
    for task in world.catalog.review_tasks():
        decisions = world.catalog.review_decisions(task=task.id)
        answers = answers_of(decisions)
        assert len({one.reviewer for one in answers}) == len(answers) <= 3
        assert bool(task.label) <= (task.status == "done")
        assert task.status != "done" or answers
        if task.status in ("open", "claimed"):
            assert not standing_of(task.wanted, [one.label for one in answers]).is_done
        assert task.status == "claimed" or not task.claimed_by
