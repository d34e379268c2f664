from __future__ import annotations

from dragoman.feedback.learning.distinct import Distinct, settled


def test_labels_of_one_text_count_once_and_the_oldest_prediction_names_it() -> None:
    assert settled(["a", "b", "a"], ["refund", "invoice", "refund"]) == [
        Distinct(0, 2, "refund", 2),
        Distinct(1, 1, "invoice", 1),
    ]


def test_the_majority_settles_a_contradiction() -> None:
    assert settled("aaa", ["invoice", "refund", "refund"])[0].label == "refund"


def test_a_tie_is_not_settled() -> None:
    assert settled("aaaaa", ["x", "x", "y", "y", "z"])[0].label == ""
