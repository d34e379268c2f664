from __future__ import annotations

from bench.game_day.course import course_of
from bench.game_day.director import SLOT_SECONDS
from bench.game_day.drawing import Frame, drawing
from bench.game_day.journal import Asked, Event, Journal, Measured
from bench.game_day.place import BEGIN
from bench.game_day.table import timeline
from pytest import approx

CHANGE, PROMOTED = BEGIN + 24 * SLOT_SECONDS, BEGIN + 60 * SLOT_SECONDS


def journal_of_a_day(path) -> Journal:
    """Two languages: right before the change, half right until the promotion, right afterwards."""
    journal = Journal(path / "journal.sqlite")
    for language in ("hi", "pt"):
        journal.keep_asked(
            Asked(
                f"{language}{n}",
                n // 4,
                n % 4,
                BEGIN + n / 4 * SLOT_SECONDS,
                language,
                "1",
                "t",
                "refund",
                answer,
                True,
            )
            for n in range(4 * 90)
            for answer in ["invoice" if 96 <= n < 240 and n % 2 else "refund"]
        )
        journal.tell(Event(f"drift {language} v1 1", CHANGE + 10 * SLOT_SECONDS, "drift"))
        for time, value in ((BEGIN, 0.9), (CHANGE, 0.9), (CHANGE + 12 * SLOT_SECONDS, 0.5)):
            journal.keep_measured([Measured(time, "1", language, "accuracy", value, value - 0.05, value + 0.05)])
    journal.tell(Event("change", CHANGE, "change"))
    journal.tell(Event("decision 1", CHANGE + 30 * SLOT_SECONDS, "decision train: loss"))
    journal.tell(Event("release r 3", PROMOTED, "release promoted, 100%"))
    return journal


def test_the_course_of_a_day_is_read_from_its_journal(tmp_path):
    course = course_of(journal_of_a_day(tmp_path))
    assert [course.changed, course.promoted, course.estimated] == [CHANGE, PROMOTED, None]
    assert [course.noticed, course.confirmed] == [CHANGE + 10 * SLOT_SECONDS, CHANGE + 12 * SLOT_SECONDS]
    assert course.recovered == approx(PROMOTED + 12 * SLOT_SECONDS)


def test_the_timeline_says_how_long_it_took_and_what_never_came(tmp_path):
    journal = journal_of_a_day(tmp_path)
    text = "\n".join(timeline(journal, course_of(journal)))
    assert "to detect       20.0 h" in text
    assert "to estimate      never" in text


def test_a_drawing_has_the_marks_of_the_day(tmp_path):
    journal = journal_of_a_day(tmp_path)
    svg = drawing(Frame.of(journal, course_of(journal)), "hi")
    assert svg.startswith("<h3>hi</h3><svg")
    assert all(word in svg for word in ("change", "drift", "promoted", "polygon"))


def test_what_is_kept_again_is_there_once(tmp_path):
    journal = journal_of_a_day(tmp_path)
    before = len(journal.asked())
    journal.keep_asked(journal.asked()[:10])
    assert not journal.tell(Event("change", 0.0, "again"))
    assert len(journal.asked()) == before


def test_labels_show_that_quality_is_back_when_the_second_version_is_better_and_may_be_as_good_as_before(tmp_path):
    journal, later = journal_of_a_day(tmp_path), PROMOTED + 24 * SLOT_SECONDS
    for language in ("hi", "pt"):
        journal.keep_measured([Measured(CHANGE, "1", language, "evaluated", 0.9, 0.9, 0.9)])
        journal.keep_measured([Measured(PROMOTED, "2", language, "accuracy", 0.7, 0.6, 0.8)])
    assert course_of(journal).seen is None
    for language in ("hi", "pt"):
        journal.keep_measured([Measured(later, "2", language, "accuracy", 0.85, 0.7, 0.95)])
    assert course_of(journal).seen == later
