from __future__ import annotations

import math

import pytest
from bench.drift.months import LOOKS, hours_until_noticed, per_month, upper_bound
from bench.drift.pools import Change
from bench.drift.scenarios import AROUND, SCENARIOS
from bench.drift.verdicts import verdict
from bench.drift_peers import any_column, groups


def said(value: float, method: str, kind: str = "evidently:metric_v2:ValueDrift") -> dict[str, object]:
    return {"value": value, "config": {"type": kind, "column": "tokens", "method": method, "threshold": 0.05}}


def test_a_test_alarms_below_its_threshold_and_a_distance_from_it_on():
    assert verdict(said(0.04, "K-S p_value"))["alarm"]
    assert not verdict(said(0.06, "K-S p_value"))["alarm"]
    assert not verdict(said(0.04, "Jensen-Shannon distance"))["alarm"]
    assert verdict(said(0.05, "Jensen-Shannon distance"))["alarm"]


def test_what_is_said_of_all_columns_together_is_no_verdict_of_one():
    assert verdict(said(0.04, "", kind="evidently:metric_v2:DriftedColumnsCount")) is None


def test_a_month_has_a_look_every_hour_at_every_column_of_every_language():
    assert per_month(5, 100, columns=10, languages=24) == pytest.approx(0.05 * 720 * 240)


def test_none_seen_is_not_none_at_all():
    bound = upper_bound(0, 300, columns=1, languages=1)
    assert (1 - bound / LOOKS) ** 300 == pytest.approx(0.05, rel=0.02)


def test_a_look_that_always_alarms_notices_after_an_hour():
    assert hours_until_noticed(1.0) == 1
    assert hours_until_noticed(0.25) == 4
    assert hours_until_noticed(0.0) == math.inf


def test_a_window_has_changed_when_one_of_its_columns_says_so():
    one = {"language": "de", "window": "same 0", "column": "tokens", "alarm": False}
    assert any_column([one, one | {"column": "label", "alarm": True}, one | {"window": "same 1"}]) == 0.5


def test_columns_are_told_apart_by_kind():
    found = [{"column": name} for name in ("tokens", "label", "text", "embedding", "entropy")]
    sizes = {name: len(several) for name, several in groups(found).items()}
    assert sizes == {"all": 5, "numbers": 2, "categories": 1, "text": 1, "embedding": 1}


def test_every_scenario_is_in_a_language_that_has_traffic():
    assert all(one.language in AROUND[one.corpus] for one in SCENARIOS)
    assert all(one.is_mix == (one.change == Change()) for one in SCENARIOS)
