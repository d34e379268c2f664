from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from dragoman.errors import Unavailable
from dragoman.monitoring.freshness import FreshnessCollector, ViewFreshness, freshness_symptoms, length_words
from dragoman.monitoring.times import seconds_of
from dragoman.records import Watermark

HOUR = 3_600.0
AT = "2026-01-01T00:00:00Z"


def row(*, hours: float = 1.0, is_there: bool = True, target: float | None = HOUR) -> ViewFreshness:
    mark = Watermark(view="activity", digest="d" * 64, dataset_number=3, available=AT, written=AT, rows=7)
    now = seconds_of(AT) + hours * HOUR
    return ViewFreshness.of(
        mark if is_there else None, "activity", "d" * 64, now=now, applied=True, models=["churn"], target=target
    )


def test_the_age_is_that_of_the_newest_event_known():
    assert (row(hours=3).age, row(hours=-1).age, row(is_there=False).age) == (3 * HOUR, 0, None)


@pytest.mark.parametrize(("hours", "stale"), [(1.0, False), (1.01, True)])
def test_rows_are_stale_beyond_the_target(hours, stale):
    assert row(hours=hours).is_stale is stale
    assert row(hours=hours, target=None).is_stale is False


def test_rows_that_are_not_there_are_stale_where_there_is_a_target():
    assert row(is_there=False).is_stale
    assert not row(is_there=False, target=None).is_stale


@pytest.mark.parametrize(
    ("hours", "there", "severities"),
    [(1.0, True, []), (1.5, True, ["ticket"]), (2.5, True, ["page"]), (1.0, False, ["page"])],
)
def test_stale_rows_are_a_symptom_of_the_model_that_reads_them(hours, there, severities):
    found = freshness_symptoms("churn", HOUR, [row(hours=hours, is_there=there)])
    assert [one.severity for one in found] == severities
    assert {(one.model, one.kind, one.name) for one in found} <= {("churn", "freshness", "activity")}


def test_the_sentence_says_how_old_and_what_is_allowed():
    (old,) = freshness_symptoms("churn", HOUR, [row(hours=3.5)])
    assert old.summary == "The online rows of the view 'activity' know nothing of the last 3.5 h; 60 min are allowed."
    assert old.since == AT
    (none,) = freshness_symptoms("churn", HOUR, [row(is_there=False)])
    assert "has no online rows" in none.summary


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 s"), (90, "90 s"), (7_200, "2 h"), (5_400, "90 min"), (950_400, "11 d")]
)
def test_a_length_is_told_in_its_largest_unit(seconds, words):
    assert length_words(seconds) == words


def exposed(rows) -> str:
    registry = CollectorRegistry()
    registry.register(FreshnessCollector(rows))
    return generate_latest(registry).decode()


def test_the_metrics_are_age_and_number_of_rows():
    shown = exposed(lambda: [row(hours=2), row(is_there=False)])
    assert 'dragoman_feature_freshness_seconds{digest="dddddddddddd",view="activity"} 7200.0' in shown
    assert 'dragoman_feature_rows{digest="dddddddddddd",view="activity"}' in shown


def test_a_store_that_is_away_shows_no_metrics(caplog):
    def away():
        raise Unavailable("The catalog cannot be used now.")

    assert "{" not in exposed(away)
    assert "not in the metrics" in caplog.text
