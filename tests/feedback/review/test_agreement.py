from __future__ import annotations

import pytest
from tests.checks.catalog_review import review_decision, review_task

from dragoman.feedback.review.agreement import agreement_of, alpha_interval, krippendorff_alpha

# Four observers, twelve units, with gaps: the example of nominal data in section C of Krippendorff (2011).
GAPS = ["111", "2232", "3333", "3333", "2222", "1234", "4444", "1121", "2222", "555", "11", "3"]


def test_alpha_of_two_observers_is_as_worked_out_by_hand():
    # Coincidences: a-a 4, b-b 2, a-b 1, b-a 1; so a stands 5 times, b 3 times, of 8.
    # Alpha = 1 - 7 * 2 / (2 * 5 * 3) = 16 / 30.
    assert krippendorff_alpha(["aa", "aa", "bb", "ab"]) == pytest.approx(16 / 30)


def test_alpha_with_three_observers_counts_each_pair_less():
    # Disagreement: "aab" has 4 ordered pairs that differ, by 2; "bbb" none. a stands twice, b 4 times, of 6.
    # Alpha = 1 - 5 * (4 / 2) / (2 * 2 * 4) = 6 / 16.
    assert krippendorff_alpha(["aab", "bbb"]) == pytest.approx(6 / 16)


def test_alpha_with_gaps_is_that_of_the_paper():
    assert krippendorff_alpha(GAPS) == pytest.approx(0.743, abs=5e-4)


@pytest.mark.parametrize(
    ("units", "alpha"), [(["aa", "bb"], 1.0), (["ab", "ba"], -0.5), (["aa", "aa"], None), ([], None)]
)
def test_alpha_at_its_ends(units, alpha):
    # "ab", "ba": 4 pairs differ; a and b stand twice each: 1 - 3 * 4 / 8.
    assert krippendorff_alpha(units) == alpha


def test_units_with_one_value_change_nothing():
    assert krippendorff_alpha(["aa", "bb", "ab", "a", "c"]) == krippendorff_alpha(["aa", "bb", "ab"])


def test_the_interval_holds_alpha_and_is_the_same_each_time():
    units = ["aa"] * 20 + ["bb"] * 20 + ["ab"] * 8
    found = alpha_interval(units)

    assert found == alpha_interval(units)
    assert found.value == krippendorff_alpha(units)
    assert found.low < found.value < found.high
    assert found.n == 48


def test_a_few_units_have_no_interval():
    assert alpha_interval(["aa", "bb", "ab"]) is None
    assert alpha_interval(["aa"] * 30) is None


def test_agreement_looks_at_the_first_two_answers_of_double_tasks():
    tasks = [review_task(id="t1", wanted=2), review_task(id="t2", wanted=2, language="fr"), review_task(id="t3")]
    said = [("t1", "ana", "a"), ("t1", "bo", "b"), ("t1", "cy", "a"), ("t2", "ana", "c"), ("t2", "bo", "c")]
    decisions = [
        review_decision(task=task, reviewer=name, label=label, time=f"2026-01-02T10:00:0{place}.000Z")
        for place, (task, name, label) in enumerate([*said, ("t3", "ana", "a"), ("t3", "bo", "b")])
    ]

    found = {one.language: (one.tasks, one.same) for one in agreement_of(tasks, decisions)}

    assert found == {"all": (2, 1), "de": (1, 0), "fr": (1, 1)}


def test_answers_that_were_taken_back_or_skipped_do_not_count():
    decisions = [
        review_decision(),
        review_decision(reviewer="bo", undone="2026-01-02T11:00:00.000Z"),
        review_decision(reviewer="cy", label=""),
    ]
    (found,) = agreement_of([review_task(wanted=2)], decisions)
    assert (found.language, found.tasks, found.alpha) == ("all", 0, None)
