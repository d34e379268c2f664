from __future__ import annotations

import pytest
from tests.monitoring.slo.world import DAY, course, judged, spec

from dragoman.spec import LanguageSloSpec

HEALTHY = course(30 * DAY, 100)


def test_nothing_holds_without_a_history():
    found = judged(spec(), {("availability", "hi"): course(1, 0)})
    assert found.symptoms == []
    assert [(one.budget, one.verdict, one.total) for one in found.views] == [(None, "not enough evidence", 0)] * 2
    assert {burn.rate for one in found.views for burn in one.burn_rates} == {None}


def test_healthy_traffic_keeps_its_budget():
    found = judged(spec(), {("availability", "hi"): HEALTHY})
    assert found.symptoms == []
    assert [(one.language, one.budget, one.verdict) for one in found.views] == [("", 1.0, "pass"), ("hi", 1.0, "pass")]


def test_a_fast_burn_is_a_page_that_says_where_since_when_and_how_long_it_lasts():
    found = judged(
        spec("hi", "de"), {("availability", "hi"): course(30 * DAY, 100, 5, last=50), ("availability", "de"): HEALTHY}
    )
    overall, hindi = found.symptoms
    assert (overall.language, hindi.language) == ("", "hi")
    assert (hindi.kind, hindi.name, hindi.severity) == ("slo", "availability", "page")
    assert hindi.since == "2026-11-23T04:31:00Z"
    assert hindi.summary == (
        "4.2% of the requests in hi failed in the last hour (250 of 6,000); "
        "the budget of 30 days lasts 16 hours more at this rate."
    )
    assert hindi.evidence["rules"] == ["5m and 1h at 14.4", "30m and 6h at 6"]
    assert hindi.evidence["windows"]["5m"] == [25, 500]


def test_page_and_ticket_are_one_symptom():
    found = judged(spec("hi", per_language=False), {("availability", "hi"): course(30 * DAY, 100, 5, last=600)})
    (symptom,) = found.symptoms
    assert symptom.severity == "page"
    assert found.views[0].firing == {
        "5m and 1h at 14.4": "page",
        "30m and 6h at 6": "page",
        "2h and 1d at 3": "ticket",
        "6h and 3d at 1": "ticket",
    }
    assert found.views[0].verdict == "fail"


def test_a_slow_burn_is_a_ticket():
    events = course(30 * DAY, 1_000, 2, last=3 * DAY)
    (symptom,) = judged(spec(per_language=False), {("availability", "hi"): events}).symptoms
    assert (symptom.severity, symptom.evidence["rules"]) == ("ticket", ["6h and 3d at 1"])
    assert symptom.since == "2026-11-20T05:00:00Z"
    assert "in the last 3 days" in symptom.summary


def test_a_burn_that_is_over_ends():
    events = course(30 * DAY, 100, 0)
    events[-50:-6, 1] = 50
    found = judged(spec(per_language=False), {("availability", "hi"): events})
    assert "5m and 1h at 14.4" not in found.views[0].firing


@pytest.mark.parametrize("per_minute", [1, 0])
def test_one_failure_at_low_traffic_is_no_symptom(per_minute):
    events = course(30 * DAY, per_minute)
    events[-2] = (1, 1)
    found = judged(spec(), {("availability", "hi"): events})
    assert found.symptoms == []


def test_an_outage_at_one_request_an_hour_is_found():
    events = course(30 * DAY, 0)
    events[::60, 0] = 1
    events[-3 * 60 :: 60, 1] = 1
    (symptom,) = judged(spec(per_language=False), {("availability", "hi"): events}).symptoms
    assert symptom.summary.startswith("50% of the requests failed in the last 6 hours (3 of 6)")


def test_an_objective_of_ninety_percent_can_fire():
    events = course(30 * DAY, 10, 10, last=180)
    (symptom,) = judged(spec(availability=0.9, per_language=False), {("availability", "hi"): events}).symptoms
    assert (symptom.severity, symptom.evidence["rules"][0]) == ("page", "15m and 3h at 4.8")


def test_a_budget_that_is_gone_is_said_to_be():
    events = course(30 * DAY, 100, 2)
    (symptom,) = judged(spec(per_language=False), {("availability", "hi"): events}).symptoms
    assert symptom.summary.endswith("the budget of 30 days is used up.")
    assert symptom.evidence["budget_left"] < 0


@pytest.mark.parametrize(
    ("objective", "words"),
    [
        ("latency", "online requests in hi took longer than 2 s"),
        ("quality", "labelled predictions in hi were wrong"),
        ("coverage", "texts in hi got no full answer"),
    ],
)
def test_every_objective_has_its_words(objective, words):
    own = {"hi": LanguageSloSpec(latency_seconds=2.0)}
    model = spec("hi", **{objective: 0.99}, availability=0.0, languages=own)
    found = judged(model, {(objective, "hi"): course(3 * DAY, 100, 80, last=60)})
    assert words in next(one for one in found.symptoms if one.language == "hi").summary


def test_a_small_overdraft_at_low_traffic_is_no_verdict():
    events = course(30 * DAY, 0)
    events[::600, 0] = 1
    events[-6_000, 1] = 1
    (view,) = judged(spec(per_language=False), {("availability", "hi"): events}).views
    assert view.budget is not None
    assert view.budget < 0
    assert view.verdict == "not enough evidence"


def test_burn_rates_are_those_of_the_windows():
    (view,) = judged(spec(per_language=False), {("availability", "hi"): course(30 * DAY, 100, 1, last=30)}).views
    rates = {one.hours: one.rate for one in view.burn_rates}
    assert rates[0.5] == pytest.approx(10.0)
    assert rates[1.0] == pytest.approx(5.0)
    assert sorted(rates) == list(rates)
