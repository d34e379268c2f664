from __future__ import annotations

import numpy as np
import pytest
from tests.monitoring.slo.world import DAY, NOW, course, judged, spec


def silent(minutes: int, *, per_minute: int = 5, days: int = 20):
    """Traffic that stops."""
    events = course(days * DAY, per_minute)
    events[-minutes:] = 0
    return events


def absences(model, courses, **options):
    return [one for one in judged(model, courses, **options).symptoms if one.kind == "absent"]


def test_requests_that_stay_away_are_a_page():
    (symptom,) = absences(spec("hi", "de"), {("availability", "hi"): silent(12)})
    assert (symptom.name, symptom.language, symptom.severity) == ("availability", "", "page")
    assert symptom.summary == "No requests in the last 10 minutes; there were 50 a day ago and 50 a week ago."
    assert symptom.since == "2026-11-23T05:10:59Z"


def test_a_language_that_stays_away_is_a_ticket():
    (symptom,) = absences(spec("hi", "de"), {("availability", "hi"): silent(70), ("availability", "de"): silent(0 + 1)})
    assert (symptom.language, symptom.severity) == ("hi", "ticket")


def test_labels_that_stay_away_are_told_where_quality_is_promised():
    courses = {("quality", "hi"): silent(70), ("availability", "hi"): course(20 * DAY, 5)}
    (symptom,) = absences(spec("hi", quality=0.9, per_language=False), courses)
    assert symptom.name == "quality"
    assert symptom.summary.startswith("No labelled predictions in the last 10 minutes")
    assert absences(spec("hi", per_language=False), courses) == []


def test_an_objective_over_nothing_does_not_read_as_kept():
    found = judged(spec("hi", per_language=False, days=1), {("availability", "hi"): silent(DAY + 60)})
    assert (found.views[0].budget, found.views[0].verdict) == (None, "not enough evidence")
    assert [one.kind for one in found.symptoms] == ["absent"]


@pytest.mark.parametrize("quiet", ["a day ago", "a week ago"])
def test_a_quiet_hour_that_is_always_quiet_is_none(quiet):
    events = course(20 * DAY, 5)
    ago = {"a day ago": DAY, "a week ago": 7 * DAY}[quiet]
    for end in (0, ago):
        events[len(events) - end - 400 : len(events) - end] = 0
    assert absences(spec(), {("availability", "hi"): events}) == []


def test_little_traffic_must_stay_away_for_longer():
    events = course(20 * DAY, 0)
    events[::10, 0] = 1
    short, long = events.copy(), events.copy()
    short[-90:], long[-370:] = 0, 0
    assert absences(spec(), {("availability", "hi"): short}) == []
    assert absences(spec(), {("availability", "hi"): long})[0].evidence["minutes"] == 360


def test_in_the_first_week_only_the_day_is_asked():
    (symptom,) = absences(spec(), {("availability", "hi"): silent(12, days=3)})
    assert symptom.evidence["week_ago"] is None
    assert symptom.summary.endswith("there were 50 a day ago.")


def test_a_new_model_is_not_absent():
    assert absences(spec(), {("availability", "hi"): silent(12, days=1)[-600:]}) == []


def test_nobody_was_there_to_count_before_the_server_was_up():
    courses = {("availability", "hi"): silent(600)}
    assert absences(spec(), courses, up_since=NOW - 300) == []
    assert len(absences(spec(), courses, up_since=NOW - 700)) == 1


def test_ordinary_traffic_is_not_called_absent():
    draw = np.random.default_rng(0)
    for per_day in (30, 1_000):
        events = course(20 * DAY, draw.poisson(per_day / DAY, 20 * DAY))
        assert absences(spec(), {("availability", "hi"): events}) == []
