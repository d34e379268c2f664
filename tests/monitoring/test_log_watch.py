from __future__ import annotations

import pytest

from dragoman.monitoring.log_watch import SHED_SECONDS, LogWatch
from dragoman.monitoring.prediction_log.counters import LogStats
from dragoman.records import Symptom

NOW = 1_800_000_000.0
FINE = LogStats(0, 0, 0, 0, 0, 0, pending_bytes=1_000_000, pending_segments=1, last_error="")


@pytest.fixture
def watch() -> LogWatch:
    return LogWatch("http://one:8080")


def names(symptoms: list[Symptom]) -> list[str]:
    return [one.name for one in symptoms]


def test_a_log_that_keeps_everything_is_no_symptom(watch: LogWatch) -> None:
    assert watch.symptoms(FINE, NOW) == []


def test_lost_rows_are_told_with_their_number_and_why(watch: LogWatch) -> None:
    watch.symptoms(FINE._replace(shed=5), NOW)

    (told,) = watch.symptoms(FINE._replace(shed=12, last_error="no space left"), NOW + 10)

    assert (told.severity, told.name) == ("page", "shed http://one:8080")
    assert told.summary == "12 predictions were not recorded: no space left."


def test_a_loss_is_over_some_time_after_its_last_row(watch: LogWatch) -> None:
    lossy = FINE._replace(shed=5)
    watch.symptoms(lossy, NOW)

    assert names(watch.symptoms(lossy, NOW + SHED_SECONDS - 1)) == ["shed http://one:8080"]
    assert watch.symptoms(lossy, NOW + SHED_SECONDS) == []


def test_a_second_loss_counts_its_own_rows(watch: LogWatch) -> None:
    watch.symptoms(FINE._replace(shed=5), NOW)
    later = NOW + 2 * SHED_SECONDS

    (told,) = watch.symptoms(FINE._replace(shed=7), later)

    assert told.summary.startswith("2 predictions")


def test_damage_and_a_backlog_are_told(watch: LogWatch) -> None:
    found = watch.symptoms(FINE._replace(damaged=2, pending_bytes=3 * 2**30), NOW)

    assert [one.summary for one in found] == [
        "The log has 2 places that are not what was written.",
        "3.0 GB of predictions wait on the disk for the table.",
    ]
