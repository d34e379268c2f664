from __future__ import annotations

import pytest
from tests.feedback.kpi.world import PULSE, RESOLVED, SPENT, asked, did, report_of


def test_each_subject_counts_for_the_version_that_it_met_first(tmp_path):
    rows = [asked(1, days=20), asked(1, days=18, treated=True), asked(2, days=19, treated=True), asked(3, days=18)]
    found = report_of(tmp_path, rows, [did(1, days=17), *PULSE])
    assert [(row.version, row.language, row.subjects, row.value.value) for row in found.rows] == [
        ("1", "all", 2, 0.5),
        ("1", "de", 2, 0.5),
        ("2", "all", 1, 0.0),
        ("2", "de", 1, 0.0),
    ]


def test_versions_follow_each_other_by_number_and_languages_by_subjects(tmp_path):
    rows = [
        asked(n, version=version, language="th" if n % 3 else "de")
        for n in range(9)
        for version in ("2", "10")[n % 2 :][:1]
    ]
    found = report_of(tmp_path, rows, PULSE)
    assert [(row.version, row.language) for row in found.rows] == [
        ("2", "all"), ("2", "th"), ("2", "de"), ("10", "all"), ("10", "th"), ("10", "de")
    ]  # fmt: skip


def test_an_interval_is_around_its_value_in_the_unit_of_the_number(tmp_path):
    rows = [asked(n, days=20 - n / 100) for n in range(60)]
    events = [did(n, "spent", value=5.0) for n in range(60)]
    row = report_of(tmp_path, rows, [*events, *PULSE], SPENT).rows[0]
    assert row.value.value == pytest.approx(5.0)
    assert 2.0 < row.value.low < 5.0 < row.value.high < 8.0
    assert (row.value.n, row.value.level) == (60, 0.95)


def test_who_waits_has_no_value_yet(tmp_path):
    row = report_of(tmp_path, [asked(1, days=2)], PULSE).rows[0]
    assert (row.subjects, row.waiting, row.value) == (0, 1, None)


def test_answers_outside_of_releases_expose_too_and_copies_do_not(tmp_path):
    plain = {"release": "", "arm": "", "assigned": "", "share": 0.0}
    rows = [asked(1, **plain), asked(2, treated=True, mirrored=True)]
    assert [row.version for row in report_of(tmp_path, rows, PULSE).rows] == ["1", "1"]


def test_notes_say_that_versions_were_not_drawn_and_what_is_silent(tmp_path):
    notes = report_of(tmp_path, [asked(1), asked(2, treated=True)], [], RESOLVED).notes
    assert "No event 'resolved' has come" in notes[0]
    assert "release lift" in notes[1]
