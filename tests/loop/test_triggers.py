from __future__ import annotations

import pytest

from dragoman.loop.loss import losses
from dragoman.loop.situation import Drifted
from dragoman.loop.triggers import find_triggers
from dragoman.records import By
from dragoman.spec import SloSpec

from .situations import DAY, HOUR, NOW, collected, held, quality, row, situation, spec


def triggers(given, **fields):
    seen = situation(**fields)
    return find_triggers(seen, given.retraining, losses(seen, given, now=NOW), now=NOW)


def kinds(given, **fields):
    return [one.kind for one in triggers(given, **fields)]


def test_a_quiet_model_asks_for_nothing():
    assert triggers(spec()) == []


@pytest.mark.parametrize(("new", "expected"), [(499, []), (500, ["labels"])])
def test_labels_ask_when_there_are_enough(new, expected):
    assert kinds(spec(new_labels=500), collected=collected({"hi": 400, "pt": new - 400})) == expected


def test_labels_that_a_training_had_in_vain_do_not_ask_again():
    assert kinds(spec(new_labels=500), collected=collected({"hi": 900}), tried=401) == []
    assert kinds(spec(new_labels=500), collected=collected({"hi": 901}), tried=401) == ["labels"]


def test_no_number_of_labels_asks_where_it_is_turned_off():
    assert kinds(spec(new_labels=0), collected=collected({"hi": 10_000})) == []


def fallen(hours, *, expected=0.7, language="hi"):
    return {
        "quality": quality(row("hi", expected=expected), row("pt"), row("de")),
        "held": held(hi=0.95, pt=0.95, de=0.95),
        "drifted": [Drifted(language, NOW - hours * HOUR, "Something has changed.")],
    }


@pytest.mark.parametrize(("hours", "expected"), [(23, []), (25, ["drift"])])
def test_drift_asks_when_it_lasts_and_scores_promise_less(hours, expected):
    assert kinds(spec(drift_hours=24), **fallen(hours)) == expected


def test_drift_without_an_estimated_loss_asks_for_nothing():
    assert kinds(spec(), **fallen(48, expected=0.95)) == []


def test_an_estimated_loss_counts_in_the_language_that_drifts_only():
    assert kinds(spec(), **fallen(48, language="de")) == []


def test_the_sentence_of_drift_has_its_numbers():
    (one,) = triggers(spec(), **fallen(48))
    assert one.languages == ["hi"]
    assert "Drift has lasted for 2.0 days, and scores promise 25.0 points less accuracy in hi" in one.text
    assert "2.0 points start a training" in one.text


def test_quality_asks_when_it_is_surely_below_the_objective():
    given = spec(loss=0.0, tables={"slo": SloSpec(quality=0.9)})
    (one,) = triggers(given, quality=quality(row("hi", right=60, audited=100), row("pt", right=85, audited=100)))
    assert (one.kind, one.languages, one.limit) == ("quality", ["hi"], 0.9)
    assert "Accuracy in hi is 60.0% by 100 audited answers" in one.text


def test_quality_below_the_objective_can_be_left_to_people():
    given = spec(loss=0.0, quality=False, tables={"slo": SloSpec(quality=0.9)})
    assert triggers(given, quality=quality(row("hi", right=60, audited=100))) == []


def test_quality_asks_when_it_has_surely_fallen_by_more_than_the_loss():
    live = quality(row("hi", right=70, audited=100), row("pt", right=92, audited=100))
    (one,) = triggers(spec(loss=0.02), quality=live, held=held(hi=0.95, pt=0.95))
    assert (one.kind, one.languages) == ("quality", ["hi"])
    assert "the evaluation found 95.0%, and a fall of 2.0 points starts a training" in one.text


def test_quality_asks_for_languages_that_drift_together():
    live = quality(*(row(name, right=40, audited=55) for name in ("hi", "pt")), row("de"))
    drifted = [Drifted(name, NOW - HOUR, "Something has changed.") for name in ("hi", "pt")]
    (one,) = triggers(spec(), quality=live, held=held(hi=0.95, pt=0.95, de=0.95), drifted=drifted)
    assert one.languages == ["hi", "pt"]
    assert one.text.startswith("Accuracy in the drifting languages together is 72.7% by 110 audited answers")


def test_what_is_found_in_other_languages_is_named():
    live = quality(*(row(name, right=100 + 5 * n, audited=200) for n, name in enumerate(("hi", "pt"))))
    (one,) = triggers(spec(), quality=live, held=held(hi=0.95, pt=0.95))
    assert one.text.endswith("The same is found in pt.")


def test_a_loss_over_all_traffic_names_no_language():
    live = quality(row("all", right=700, audited=1_000, predictions=20_000), row("hi"), row("pt"))
    (one,) = triggers(spec(), quality=live, held=held(hi=0.95, pt=0.95))
    assert one.languages == []
    assert "Accuracy in all languages together is 70.0%" in one.text


@pytest.mark.parametrize(("days", "expected"), [(0, []), (99, ["age"]), (101, [])])
def test_age_asks_from_its_day_on(days, expected):
    assert kinds(spec(age_days=days)) == expected


def test_a_person_asks():
    (one,) = triggers(spec(), asked=By(actor="anna", reason="New products."))
    assert (one.kind, one.text) == ("asked", "anna asks for a training: New products.")


def test_all_that_asks_is_told():
    given = spec(new_labels=10, age_days=30)
    assert kinds(given, collected=collected({"hi": 10}), trained=NOW - 31 * DAY, asked=By(actor="anna")) == [
        "labels",
        "age",
        "asked",
    ]
