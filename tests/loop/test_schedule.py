from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragoman.loop.schedule import Periods, Subject, forgotten_before, overtaken_jobs, wanted_jobs
from dragoman.records import Job

SUPPORT, PRICES = Subject("support"), Subject("prices", reviews=False)
HOURLY = Periods()
TEN_PAST_FIVE = datetime(2026, 3, 1, 5, 10, tzinfo=UTC)


def at(moment: datetime, *subjects: Subject, has_views: bool = False, periods: Periods = HOURLY) -> list[Job]:
    return wanted_jobs(moment.timestamp(), subjects, periods, has_views=has_views)


def test_a_model_is_looked_at_every_hour_and_asked_about_every_day() -> None:
    assert [job.id for job in at(TEN_PAST_FIVE, SUPPORT, PRICES, has_views=True)] == [
        "materialize:2026-03-01T05:00",
        "evaluate:support:2026-03-01T05:00",
        "queue:support:2026-03-01",
        "evaluate:prices:2026-03-01T05:00",
        "compact:2026-03-01T00:00",
    ]


def test_without_views_and_models_only_tables_are_compacted() -> None:
    assert [job.kind for job in at(TEN_PAST_FIVE)] == ["compact"]


def test_jobs_are_due_when_their_slot_began() -> None:
    (job, *_) = at(TEN_PAST_FIVE, SUPPORT)
    assert (job.due, job.created, job.model) == ("2026-03-01T05:00:00.000Z", "2026-03-01T05:10:00.000Z", "support")


def test_periods_are_as_the_settings_say() -> None:
    periods = Periods(evaluate_minutes=5, materialize_minutes=1, compact_hours=1)
    ids = [job.id for job in at(TEN_PAST_FIVE, PRICES, has_views=True, periods=periods)]
    assert ids == ["materialize:2026-03-01T05:10", "evaluate:prices:2026-03-01T05:10", "compact:2026-03-01T05:00"]


def test_after_a_long_sleep_only_the_newest_is_made() -> None:
    before, after = at(TEN_PAST_FIVE, SUPPORT), at(TEN_PAST_FIVE + timedelta(days=40), SUPPORT)
    assert len(after) == len(before)
    assert not {job.id for job in before} & {job.id for job in after}


@given(
    minutes=st.lists(st.floats(0, 90), min_size=1, max_size=30),
    period=st.floats(1, 600, allow_nan=False),
)
@settings(max_examples=60, deadline=None)
def test_however_often_one_looks_a_slot_has_one_job(minutes: list[float], period: float) -> None:
    seen, now = set(), TEN_PAST_FIVE
    for pause in minutes:
        now += timedelta(minutes=pause)
        (job, _) = at(now, PRICES, periods=Periods(evaluate_minutes=period))
        assert job.due <= job.created
        seen.add(job.id)
    assert len(seen) <= sum(minutes) / period + 2


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({}, "cancelled", "'evaluate:prices:2026-03-01T06:00' took its place."),
        ({"attempts": 2, "error": "no table"}, "failed", "no table"),
    ],
)
def test_a_job_that_waits_when_the_next_comes_is_over(changes: dict[str, object], status: str, error: str) -> None:
    old = msgspec.structs.replace(at(TEN_PAST_FIVE, PRICES)[0], **changes)
    (over,) = overtaken_jobs(at(TEN_PAST_FIVE + timedelta(hours=1), PRICES), [old])
    assert (over.id, over.status, over.error) == (old.id, status, error)
    assert over.finished


@pytest.mark.parametrize("changes", [{"status": "running"}, {"input": {"asked": {}}}, {"model": "gone"}])
def test_what_runs_or_was_asked_for_is_not_overtaken(changes: dict[str, object]) -> None:
    old = msgspec.structs.replace(at(TEN_PAST_FIVE, PRICES)[0], **changes)
    assert overtaken_jobs(at(TEN_PAST_FIVE + timedelta(hours=1), PRICES), [old]) == []


def test_the_job_of_this_slot_overtakes_nothing() -> None:
    jobs = at(TEN_PAST_FIVE, SUPPORT)
    assert overtaken_jobs(jobs, jobs) == []


def test_periodic_jobs_are_kept_for_a_week() -> None:
    assert forgotten_before(TEN_PAST_FIVE.timestamp()) == "2026-02-22T05:10:00.000Z"
