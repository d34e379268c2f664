from __future__ import annotations

from dragoman.records import Baseline
from dragoman.release.baselines import FEWEST, counted_baselines, larger_baselines
from dragoman.release.paired import Pairs

from .evaluations import row

EVALUATED = {"hi": Baseline(texts=280, disagreements=14), "th": Baseline(texts=280, disagreements=28)}


def recent(texts: int, disagreements: int) -> Baseline:
    return Baseline(texts=texts, disagreements=disagreements, source="traffic")


def test_each_language_has_the_texts_in_which_the_versions_differ_more():
    found = larger_baselines(EVALUATED, {"hi": recent(300, 60), "th": recent(300, 6)})
    assert found == {"hi": recent(300, 60), "th": EVALUATED["th"]}


def test_what_chance_explains_leaves_the_evaluation():
    assert larger_baselines(EVALUATED, {"hi": recent(60, 5)}) == EVALUATED
    assert larger_baselines(EVALUATED, {"hi": recent(60, 12)})["hi"] == recent(60, 12)


def test_few_recent_texts_count_for_nothing():
    few = recent(FEWEST - 1, FEWEST - 1)
    assert larger_baselines(EVALUATED, {"hi": few, "sw": few}) == EVALUATED


def test_a_language_without_a_test_split_has_its_recent_texts():
    assert larger_baselines({}, {"sw": recent(100, 5)}) == {"sw": recent(100, 5)}


def test_disagreements_are_counted_whoever_is_right():
    rows = [row("th", Pairs(90, 3, 4, 3)), row("hi", Pairs(50, 0, 0, 0))]
    found = counted_baselines(rows, source="traffic")
    assert list(found.items()) == [("hi", recent(50, 0)), ("th", recent(100, 7))]
