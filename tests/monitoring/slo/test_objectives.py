from __future__ import annotations

import pytest
from tests.monitoring.slo.world import spec

from dragoman.monitoring.slo import objectives_of
from dragoman.spec import LanguageSloSpec


def goals(*languages, **slo):
    return {(one.name, one.language): one.goal for one in objectives_of(spec(*languages, **slo))}


def test_every_language_has_the_objectives_of_the_model():
    found = goals("de", "hi", latency=0.99)
    assert found == {
        (name, language): goal
        for language in ("", "de", "hi")
        for name, goal in (("availability", 0.999), ("latency", 0.99))
    }


def test_those_over_all_languages_come_first():
    assert [one.language for one in objectives_of(spec("hi", "de"))] == ["", "hi", "de"]


def test_a_language_may_have_its_own_or_none():
    own = {"hi": LanguageSloSpec(availability=0.99, quality=0.8), "de": LanguageSloSpec(availability=0.0)}
    assert goals("hi", "de", languages=own) == {
        ("availability", ""): 0.999,
        ("availability", "hi"): 0.99,
        ("quality", "hi"): 0.8,
    }


def test_without_per_language_only_those_of_its_own_count():
    own = {"hi": LanguageSloSpec(latency=0.9)}
    assert goals("hi", "de", per_language=False, languages=own) == {("availability", ""): 0.999, ("latency", "hi"): 0.9}


def test_what_is_slow_stands_in_the_objective_of_latency_alone():
    own = {"hi": LanguageSloSpec(latency_seconds=2.0)}
    seconds = {(one.name, one.language): one.seconds for one in objectives_of(spec("hi", latency=0.9, languages=own))}
    assert seconds["latency", ""] == 0.5
    assert seconds["latency", "hi"] == 2.0
    assert seconds["availability", "hi"] is None


@pytest.mark.parametrize("goal", [0.999, 0.9995, 0.9, 0.0001])
def test_the_budget_is_what_the_goal_leaves(goal):
    (one, *_) = objectives_of(spec(availability=goal))
    assert repr(one.budget) == repr(round(1 - goal, 9))
