from __future__ import annotations

from pathlib import Path

import pytest
from tests.feedback.world import answer, said, span, write_answers, write_labels

from dragoman.feedback.joining import join_labels
from dragoman.feedback.quality import Held, live_quality
from dragoman.records import Interval, LanguageQuality, LanguageScore, LiveQuality, Report

REPORT = Report(
    split="test",
    accuracy=Interval(value=0.91, low=0.9, high=0.92, n=1_000),
    macro_f1=0.9,
    calibration_error=0.04,
    languages=[LanguageScore(language="de", accuracy=Interval(value=0.93, low=0.9, high=0.95, n=500), macro_f1=0.9)],
    confusions=[],
)


def measured(folder: Path, *, audits: dict[str, float] | None = None, held: Held | None = None) -> LiveQuality:
    """40 answers in German, of which every fourth label says otherwise, 4 in Thai, and 10 that are young."""
    rows = [answer(f"d{n}", days=20 + n / 100) for n in range(40)]
    rows += [answer(f"t{n}", language="th", score=0.6) for n in range(4)]
    rows += [answer(f"y{n}", days=3) for n in range(10)]
    labels = [said(row.id, "invoice" if number % 4 == 0 else "refund") for number, row in enumerate(rows)]
    tables = write_labels(write_answers(folder, rows), labels)
    with join_labels(tables, span(), audits=audits) as join:
        return live_quality(join, maturity_days=14, held=held or Held.of(REPORT))


def row(found: LiveQuality, language: str) -> LanguageQuality:
    return next(one for one in found.languages if one.language == language)


def test_labels_count_of_predictions_that_are_old_enough(tmp_path):
    german = row(measured(tmp_path), "de")
    assert (german.predictions, german.mature, german.labelled) == (50, 40, 40)
    assert (german.given.value, german.given.n) == (0.75, 40)


def test_all_languages_come_first_then_those_with_most_predictions(tmp_path):
    found = measured(tmp_path)
    assert [one.language for one in found.languages] == ["all", "de", "th"]
    assert row(found, "all").mature == 44


def test_what_is_expected_is_the_mean_score_with_room_for_the_calibration_error(tmp_path):
    found = measured(tmp_path)
    assert row(found, "th").expected.value == pytest.approx(0.6)
    wide = row(found, "de").expected
    narrow = row(measured(tmp_path / "other", held=Held()), "de").expected
    assert narrow.low - wide.low == pytest.approx(0.04)


def test_what_was_evaluated_stands_beside_it(tmp_path):
    found = measured(tmp_path)
    assert [row(found, name).evaluated for name in ("all", "de", "th")] == [0.91, 0.93, None]


def test_without_a_random_sample_there_is_no_accuracy_and_the_notes_say_why(tmp_path):
    found = measured(tmp_path)
    assert all(one.accuracy is None and one.sample is None and one.audited == 0 for one in found.languages)
    assert any("drawn at random" in note for note in found.notes)


def test_a_random_sample_gives_an_accuracy_where_it_is_large_enough(tmp_path):
    found = measured(tmp_path, audits={f"d{n}": 0.5 for n in range(20)} | {"t0": 1.0, "t1": 1.0, "y1": 1.0})
    german, thai = row(found, "de"), row(found, "th")
    assert german.audited == 20
    assert german.accuracy.low < 0.75 < german.accuracy.high
    assert (thai.audited, thai.accuracy) == (2, None)
    assert "Fewer than 5 labels of the random sample, so no accuracy: th." in found.notes


def test_a_version_that_nobody_asked_has_no_quality(tmp_path):
    with join_labels(write_answers(tmp_path, [answer("p")]), span(version="2")) as join:
        found = live_quality(join, maturity_days=14, held=Held())
    assert (found.languages, found.delays) == ([], [])
    assert found.notes == ["The log has no prediction of this version in the window."]
