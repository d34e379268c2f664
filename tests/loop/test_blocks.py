from __future__ import annotations

import pytest

from dragoman.feedback.learning.collected import Echo
from dragoman.loop.blocks import find_blocks
from dragoman.records import Spent, Trigger
from dragoman.spec import BudgetSpec

from .situations import DAY, NOW, collected, situation, spec

LABELS = [Trigger(kind="labels", text="Enough.")]
AGE = [Trigger(kind="age", text="Old.")]
ECHO = Echo(source="bot", labels=90, agreement=0.99, expected=0.9, p_value=1e-9, held=80)


def blocks(given, triggers=LABELS, **fields):
    return find_blocks(situation(**fields), given, given.retraining, triggers, now=NOW)


def kinds(given, triggers=LABELS, **fields):
    return [one.kind for one in blocks(given, triggers, **fields)]


def test_nothing_stands_against_a_training_that_is_due():
    assert blocks(spec()) == []


def test_too_few_labels_are_waited_for():
    (one,) = blocks(spec(fewest_labels=50), collected=collected({"hi": 1}))
    assert one.kind == "labels"
    assert one.text.startswith(
        "Only 1 new label can be learned from, and 50 are needed: `dragoman labels queue support`"
    )


def test_labels_of_a_training_that_came_to_nothing_are_not_new():
    (one,) = blocks(spec(fewest_labels=50), collected=collected({"hi": 520}), tried=500)
    assert one.text.startswith("Only 20 new labels can be learned from beside 500 of a training whose version was not")


def test_age_needs_no_new_labels():
    assert kinds(spec(fewest_labels=50), AGE, collected=collected({})) == []


def test_labels_that_repeat_the_model_are_named_where_they_would_have_been_enough():
    found = blocks(spec(fewest_labels=50), collected=collected({"hi": 10}, echoes=[ECHO]))
    assert [one.kind for one in found] == ["labels", "echo"]
    assert "80 labels do not count" in found[1].text
    assert "'bot' agree with 99.0% of them, and audits find 90.0% right" in found[1].text


def test_an_echo_beside_enough_other_labels_stands_against_nothing():
    assert kinds(spec(fewest_labels=50), collected=collected({"hi": 60}, echoes=[ECHO])) == []


def test_a_cooldown_says_when_it_is_over():
    (one,) = blocks(spec(cooldown_days=7), begun=[NOW - 50 * DAY, NOW - 3 * DAY])
    assert (one.kind, one.until) == ("cooldown", "2026-06-05T12:00:00.000Z")
    assert one.text == "The last training was 3.0 days ago; 7 days must lie between two."


def test_a_champion_that_somebody_trained_cools_down_too():
    assert kinds(spec(cooldown_days=7), trained=NOW - 3 * DAY) == ["cooldown"]
    assert kinds(spec(cooldown_days=7), trained=NOW - 7 * DAY) == []


def test_a_closed_calendar_says_when_it_opens():
    (one,) = blocks(spec(calendar=["sat", "22:00-06:00"]))
    assert (one.kind, one.until) == ("calendar", "2026-06-01T22:00:00.000Z")


def test_a_budget_that_is_used_up_refuses():
    given = spec(tables={"budget": BudgetSpec(trainings=1, days=30)})
    past = [("2026-05-20T00:00:00Z", Spent(cpu_seconds=60))]
    assert kinds(given, past=past) == ["budget"]


@pytest.mark.parametrize(("field", "expected"), [("release", "release"), ("job", "running")])
def test_what_is_under_way_is_waited_for(field, expected):
    (one,) = blocks(spec(), **{field: "01KA"})
    assert one.kind == expected
    assert "01KA is not over" in one.text
