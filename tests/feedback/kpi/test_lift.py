from __future__ import annotations

import msgspec
import numpy as np
import pytest
from tests.feedback.kpi.world import PULSE, RESOLVED, SPENT, asked, did, lift_of

from dragoman.feedback.kpi.lift import shared_alpha

LOWER = msgspec.structs.replace(RESOLVED, better="lower")


def world(*, lift: float = 0.6, subjects: int = 800, seed: int = 0):
    """Half of them get the challenger; in German it lifts what is resolved."""
    rng = np.random.default_rng(seed)
    rows, events = [], list(PULSE)
    for n in range(subjects):
        treated, language = bool(rng.random() < 0.5), "de" if n % 2 else "th"
        rows.append(asked(n, days=30 - n / 100, treated=treated, language=language))
        if rng.random() < 0.2 + lift * treated * (language == "de"):
            events.append(did(n, days=29.9 - n / 100))
    return rows, events


def test_a_better_challenger_is_seen_where_it_is_better(tmp_path):
    found = lift_of(tmp_path, *world())
    assert {row.language: row.verdict for row in found.rows} == {
        "all": "better",
        "de": "better",
        "th": "not enough evidence",
    }
    german = found.rows[1]
    assert german.lift.low < 0.6 < german.lift.high
    assert german.lift.value == pytest.approx(german.challenger.value - german.champion.value)
    assert german.champion.subjects + german.challenger.subjects == german.lift.n == 400


def test_what_should_be_low_is_worse_where_it_is_higher(tmp_path):
    assert lift_of(tmp_path, *world(), LOWER).rows[0].verdict == "worse"


def test_all_intervals_share_what_may_go_wrong(tmp_path):
    found = lift_of(tmp_path, *world(subjects=20), RESOLVED, SPENT)
    assert [(row.kpi, row.language) for row in found.rows] == [
        (kpi, language) for kpi in ("resolved", "spent") for language in ("all", "de", "th")
    ]
    assert sum(1 - row.lift.level for row in found.rows) == pytest.approx(1 - found.level)


@pytest.mark.parametrize(("kpis", "languages"), [(1, 1), (1, 2), (3, 24), (5, 200)])
def test_what_may_go_wrong_adds_up(kpis, languages):
    of_all, of_one = shared_alpha(kpis, languages)
    assert kpis * (of_all + languages * of_one) == pytest.approx(0.05)


def test_with_one_language_there_is_one_row(tmp_path):
    found = lift_of(tmp_path, *world(subjects=20), languages=["und"])
    assert [(row.language, round(row.lift.level, 6)) for row in found.rows] == [("all", 0.95)]


def test_a_language_that_the_release_does_not_name_counts_in_all_alone(tmp_path):
    rows = [asked(1, language="fr"), asked(2, language="fr", treated=True)]
    found = lift_of(tmp_path, rows, PULSE)
    assert [row.champion.subjects for row in found.rows] == [1, 0, 0]
    assert found.rows[1].lift is None


def test_a_sum_is_in_its_own_unit(tmp_path):
    rows = [asked(n, days=20 - n / 100, treated=n % 2 == 1) for n in range(40)]
    events = [did(n, "spent", value=2.0 + 3.0 * (n % 2)) for n in range(40)]
    row = lift_of(tmp_path, rows, [*events, *PULSE], SPENT).rows[0]
    assert (row.champion.value, row.challenger.value) == (pytest.approx(2.0), pytest.approx(5.0))
    assert row.lift.value == pytest.approx(3.0)
    assert -10 <= row.lift.low < 3 < row.lift.high <= 10


def test_those_who_wait_are_told_by_arm(tmp_path):
    rows = [asked(1), asked(2, days=3), asked(3, days=2, treated=True), asked(4, days=1, treated=True)]
    row = lift_of(tmp_path, rows, PULSE).rows[0]
    assert ((row.champion.subjects, row.champion.waiting), (row.challenger.subjects, row.challenger.waiting)) == (
        (1, 1),
        (0, 2),
    )
    assert (row.lift, row.verdict) == (None, "not enough evidence")


def test_subjects_that_met_both_versions_are_told(tmp_path):
    rows = [asked(1, days=20), asked(1, days=15, share=0.9, treated=True), asked(2, days=20), asked(3, treated=True)]
    found = lift_of(tmp_path, rows, PULSE)
    assert (found.rows[0].champion.moved, found.rows[0].challenger.moved) == (1, 0)
    assert any("33.3% of the subjects met the other version too" in note for note in found.notes)


def test_a_promotion_moves_subjects_too(tmp_path):
    rows = [asked(1, days=20), asked(1, days=18, release="", arm="", assigned="", version="2"), asked(2, treated=True)]
    assert lift_of(tmp_path, rows, PULSE).rows[0].champion.moved == 1


def test_a_silent_number_and_a_release_without_subjects_are_told(tmp_path):
    found = lift_of(tmp_path, [], [])
    assert any("No event 'resolved' has come" in note for note in found.notes)
    assert any("No subject was given one of two arms" in note for note in found.notes)


def test_arms_that_lost_subjects_are_told(tmp_path):
    rows = [asked(n, days=30 - n / 100, treated=n % 5 == 0) for n in range(300)]  # a half was drawn, a fifth is there
    assert any("The arms are not as large as they were drawn" in note for note in lift_of(tmp_path, rows, PULSE).notes)


def test_subjects_of_the_last_step_are_counted_and_not_compared(tmp_path):
    found = lift_of(tmp_path, [*world(subjects=10)[0], asked(99, share=1.0, treated=True)], PULSE)
    assert found.uncompared == 1
    assert found.rows[0].lift.n == 10
