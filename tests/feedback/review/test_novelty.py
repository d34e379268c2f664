from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path

import msgspec
from tests.feedback.review.worlds import NOON, row_of
from tests.watched import watched

from dragoman.api.monitor_fakes import fake_alert
from dragoman.app.review import Review
from dragoman.feedback.review.making import Plan, make_draw
from dragoman.feedback.review.novelty import Change
from dragoman.monitoring.prediction_log.schema import encode_row, table_of
from dragoman.monitoring.prediction_log.sink import TABLE
from dragoman.records import PredictionRow, ReviewTask
from dragoman.spec import ReviewSpec

OLD = [f"bitte die Rechnung {name} schicken" for name in ("heute", "morgen", "gestern", "bald", "noch einmal")]
NEW = ["gebt mir mein Geld zurück", "Kohle retour, aber flott", "möchte Umtausch ohne Bon"]
CHANGE = Change(NOON - timedelta(hours=6), OLD)


def rows(language: str = "de", *, hours: float = 2.0) -> list[PredictionRow]:
    """Forty predictions of old phrases and three of new ones, all as sure as each other."""
    time = (NOON - timedelta(hours=hours)).isoformat(timespec="milliseconds")
    texts = [*NEW, *(f"{OLD[n % 5]} {chr(97 + n % 26) * 3}" for n in range(40))]
    return [row_of(f"{language}{n}", text=text, language=language, time=time) for n, text in enumerate(texts)]


def made(logged: list[PredictionRow], change: Change | None = CHANGE, **review: float) -> list[ReviewTask]:
    spec = ReviewSpec(**{"per_day": 10, "audit": 0.0, "per_language": 0, "drift": 0.3, "double": 0.0, **review})  # type: ignore[arg-type]
    drifting = {} if change is None else {"de": change}
    return make_draw(Plan("support", spec, NOON - timedelta(days=1), NOON, drifting=drifting), logged)[1]


def drifted(tasks: list[ReviewTask]) -> list[ReviewTask]:
    return [task for task in tasks if task.reason == "drift"]


def test_where_a_language_drifts_people_are_asked_about_what_is_new_in_it() -> None:
    assert {task.text for task in drifted(made(rows()))} == set(NEW)


def test_other_languages_keep_their_part() -> None:
    tasks = made([*rows(), *rows("fr")])

    assert {task.language for task in drifted(tasks)} == {"de"}
    assert len(tasks) == 10
    assert Counter(task.language for task in tasks)["fr"] >= 3


def test_without_drift_no_task_has_it_as_a_reason() -> None:
    assert drifted(made(rows(), None)) == []
    assert drifted(made(rows(), drift=0.0)) == []


def test_predictions_from_before_the_change_are_no_part_of_it() -> None:
    assert drifted(made(rows(hours=8))) == []


def test_without_earlier_texts_the_most_doubtful_come_first() -> None:
    logged = [msgspec.structs.replace(row, scores=[0.9 - n / 100, 0.1]) for n, row in enumerate(rows()[:8])]

    found = drifted(made(logged, Change(CHANGE.since), per_day=10, drift=0.2))

    assert {task.prediction_id for task in found} <= {"de4", "de5", "de6", "de7"}


def test_audits_are_drawn_as_without_drift() -> None:
    with_drift, without = (made(rows(), change, audit=0.5) for change in (CHANGE, None))

    audits = [[task for task in tasks if task.reason == "audit"] for tasks in (with_drift, without)]
    assert audits[0] == audits[1]
    assert len(audits[0]) == 5
    assert drifted(made(rows(), audit=1.0)) == []


def test_the_languages_of_firing_alerts_drift(tmp_path: Path) -> None:
    place = watched(tmp_path, watching="\n[log]\ntext = true\n[review]\nper_day = 10\naudit = 0.2\ndrift = 0.3\n")
    alert = fake_alert(id="a", language="en", since="2026-01-02T06:00:00Z", kind="drift", name="")
    place.catalog.save_alerts([alert])
    before = [row_of(f"b{n}", text=text, language="en", time="2025-12-30T10:00:00+00:00") for n, text in enumerate(OLD)]
    place.tables.append(TABLE, table_of([encode_row(row) for row in [*before, *rows("en"), *rows("ru")]])[0])

    tasks = Review(place, clock=lambda: NOON).make("support").tasks

    assert {task.language for task in drifted(tasks)} == {"en"}
    assert {task.text for task in drifted(tasks)} <= set(NEW)
    assert len(drifted(tasks)) >= 2  # an audit may have fallen on the third
