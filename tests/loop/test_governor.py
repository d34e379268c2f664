from __future__ import annotations

import msgspec
import pytest

from dragoman.clock import written
from dragoman.loop.governor import decide
from dragoman.loop.situation import Drifted
from dragoman.monitoring.resources.cost import Prices
from dragoman.records import By, RetrainDecision, Spent

from .situations import DAY, NOW, collected, held, quality, row, situation, spec

ENOUGH = {"collected": collected({"hi": 600})}


def decided(given, **fields):
    return decide(situation(**fields), given, now=NOW, id="support:now")


def approved(*, champion=3, days=1.0, verdict="ask"):
    return RetrainDecision(
        id="support:before",
        model="support",
        champion=champion,
        time=written(NOW - days * DAY),
        verdict=verdict,
        approved_by="anna",
    )


def test_nothing_is_done_where_nothing_asks_whatever_stands_against_it():
    found = decided(spec(new_labels=601, cooldown_days=300), **ENOUGH, release="01KA")
    assert (found.verdict, found.triggers, found.blocks) == ("none", [], [])


def test_a_training_that_is_wanted_and_free_begins():
    found = decided(spec(new_labels=600), **ENOUGH)
    assert (found.verdict, found.id, found.champion, found.time) == ("train", "support:now", 3, written(NOW))


def test_what_stands_against_it_is_waited_for():
    found = decided(spec(new_labels=600, cooldown_days=300), **ENOUGH)
    assert (found.verdict, [one.kind for one in found.blocks]) == ("wait", ["cooldown"])


def test_a_person_is_asked_when_only_the_approval_is_missing():
    found = decided(spec(new_labels=600, approval=True), **ENOUGH)
    assert (found.verdict, [one.kind for one in found.blocks]) == ("ask", ["approval"])
    assert "`dragoman loop approve support`" in found.blocks[0].text


def test_nobody_is_asked_for_what_may_not_begin_anyway():
    found = decided(spec(new_labels=600, approval=True, calendar=["sun"]), **ENOUGH)
    assert (found.verdict, [one.kind for one in found.blocks]) == ("wait", ["calendar", "approval"])


def test_an_approval_lets_it_begin():
    found = decided(spec(new_labels=600, approval=True), **ENOUGH, decisions=[approved()])
    assert (found.verdict, found.approved_by) == ("train", "anna")


@pytest.mark.parametrize(
    ("decision", "begun"),
    [
        (approved(champion=2), []),
        (approved(days=7.1), []),
        (approved(verdict="train"), []),
        (approved(days=3.0), [NOW - 2 * DAY]),
    ],
)
def test_an_approval_holds_for_one_training_of_its_champion_and_for_a_week(decision, begun):
    found = decided(spec(new_labels=600, approval=True), **ENOUGH, decisions=[decision], begun=begun)
    assert found.verdict == "ask"


def test_without_a_table_only_a_person_starts_one():
    given = msgspec.structs.replace(spec(), retraining=None)
    assert decided(given, **ENOUGH).verdict == "none"
    assert decided(given, **ENOUGH, asked=By(actor="anna")).verdict == "train"


def test_the_decision_has_every_number_that_was_looked_at():
    found = decided(
        spec(),
        **ENOUGH,
        quality=quality(row("hi", right=90, audited=100, expected=0.9), row("pt")),
        held=held(hi=0.95, pt=0.9),
        drifted=[Drifted("hi", NOW - DAY, "hi, tokens 9 or more: 10% → 30%.")],
        estimate=Spent(cpu_seconds=7_200),
        prices=Prices(cpu_hour=0.5),
    ).evidence
    assert (
        found["languages"]["hi"].items() >= {"audited": 100, "accuracy": 0.9, "evaluated": 0.95, "loss": 0.05}.items()
    )
    assert found["languages"]["hi"]["drifted_hours"] == 24.0
    assert found["languages"]["pt"].keys() >= {"share", "expected", "estimated_loss"}
    assert (found["labels"]["total"], found["age_days"], found["price"]) == (600, 100.0, 1.0)
    assert found["drift"] == {"hi": "hi, tokens 9 or more: 10% → 30%."}
    assert msgspec.json.decode(msgspec.json.encode(found)) == found


def test_what_was_not_looked_at_is_said():
    notes = " ".join(decided(spec(), notes=["The live quality is 3 days old."]).evidence["notes"])
    assert "3 days old" in notes
    assert "live quality was not looked at" in notes
    assert "Nobody knows yet what a training takes" in notes
