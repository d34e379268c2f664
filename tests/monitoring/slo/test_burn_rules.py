from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.monitoring.slo import burn_rules
from dragoman.monitoring.slo.burn_rules import in_words


def test_thirty_days_have_the_numbers_of_the_workbook():
    rules = burn_rules(0.001, 30)
    assert [(one.severity, one.words, one.share) for one in rules] == [
        ("page", "5m and 1h at 14.4", 0.02),
        ("page", "30m and 6h at 6", 0.05),
        ("ticket", "2h and 1d at 3", 0.10),
        ("ticket", "6h and 3d at 1", 0.10),
    ]


@pytest.mark.parametrize(
    ("days", "factors"), [(28, [13.44, 5.6, 2.8, 1.0]), (7, [3.36, 1.4, 1.0, 1.0]), (90, [43.2, 18.0, 9.0, 3.0])]
)
def test_factors_follow_the_period_and_are_never_below_one(days, factors):
    assert [one.factor for one in burn_rules(0.001, days)] == pytest.approx(factors)


def test_windows_longer_than_the_period_are_left_out():
    assert [in_words(one.long) for one in burn_rules(0.001, 1)] == ["1h", "6h", "1d"]


@pytest.mark.parametrize(
    ("budget", "words"),
    [
        (0.01, ["5m and 1h at 14.4", "30m and 6h at 6"]),
        (0.05, ["10m and 2h at 7.2", "30m and 6h at 6"]),
        (0.10, ["15m and 3h at 4.8", "35m and 7h at 5.143"]),
        (0.50, ["50m and 10h at 1.44", "2h and 1d at 1.5"]),
    ],
)
def test_a_threshold_that_cannot_be_reached_is_lowered_and_its_window_lengthened(budget, words):
    assert [one.words for one in burn_rules(budget, 30) if one.severity == "page"] == words


BUDGETS = st.floats(1e-6, 1.0, exclude_max=True)


@given(BUDGETS, st.integers(1, 90))
def test_every_rule_can_fire_and_stands_for_its_share(budget, days):
    for one in burn_rules(budget, days):
        assert budget <= one.threshold <= (1.0 + budget) / 2.0 + 1e-9
        assert one.share == pytest.approx(one.factor * one.long / (1_440 * days))
        assert one.long <= 1_440 * days
        assert 5 <= one.short <= one.long / 12


@given(BUDGETS)
def test_lengthened_windows_stand_for_the_same_share_of_the_budget(budget):
    shares = [one.share for one in burn_rules(budget, 30)]
    assert shares == pytest.approx([0.02, 0.05, 0.10, 0.10], rel=0.05)


@pytest.mark.parametrize(
    ("minutes", "words"), [(5, "5m"), (90, "1h30m"), (1_440, "1d"), (1_500, "1d1h"), (43_200, "30d")]
)
def test_lengths_are_written_as_prometheus_does(minutes, words):
    assert in_words(minutes) == words
