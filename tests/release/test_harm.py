from __future__ import annotations

import pytest

from dragoman.records import AnswerLabel, AnswerPrediction, AnswerSpan, Entity, EntityPrediction, LabelPrediction
from dragoman.release.harm import harms_of
from dragoman.release.outcome import FAILED, Outcome, outcome_of

COMMON = {"id": "p", "language": "th", "script": "Thai", "tokens": 3, "windows": 1, "truncated": False}
RIGHT = Outcome("th", "refund", 0.9)


def test_two_equal_outcomes_do_no_harm() -> None:
    assert dict(harms_of(RIGHT, RIGHT)) == {"errors": 0, "agreement": 0, "confidence": 0, "abstention": 0}


def test_another_label_is_a_disagreement_whichever_is_right() -> None:
    assert dict(harms_of(RIGHT, RIGHT._replace(label="invoice")))["agreement"] == 1
    assert dict(harms_of(RIGHT._replace(label="invoice"), RIGHT))["agreement"] == 1


def test_less_confidence_and_an_abstention_are_harm_and_more_is_gain() -> None:
    unsure = Outcome("th", "refund", 0.4, abstained=True)
    worse, better = dict(harms_of(RIGHT, unsure)), dict(harms_of(unsure, RIGHT))
    assert (worse["confidence"], worse["abstention"]) == (pytest.approx(0.5), 1)
    assert (better["confidence"], better["abstention"]) == (pytest.approx(-0.5), -1)


@pytest.mark.parametrize(
    ("champion", "challenger", "harm"), [(RIGHT, FAILED, 1), (FAILED, RIGHT, -1), (FAILED, FAILED, 0)]
)
def test_of_a_failure_only_the_error_counts(champion: Outcome, challenger: Outcome, harm: int) -> None:
    assert dict(harms_of(champion, challenger)) == {"errors": harm}


def test_a_task_without_labels_is_compared_by_its_errors() -> None:
    assert [metric for metric, harm in harms_of(Outcome("th"), Outcome("th"))] == ["errors"]


def test_a_classifier_is_told_by_its_best_label() -> None:
    labels = [AnswerLabel(label="refund", score=0.8), AnswerLabel(label="invoice", score=0.2)]
    assert outcome_of(LabelPrediction(**COMMON, labels=labels, abstained=True)) == Outcome(
        "th", "refund", 0.8, abstained=True, id="p"
    )


def test_a_tagger_is_told_by_its_spans_and_a_reader_by_its_answer() -> None:
    entity = Entity(label="PER", start=0, end=3, text="Ada", score=0.9)
    assert outcome_of(EntityPrediction(**COMMON, entities=[entity])).label == (("PER", 0, 3),)
    assert (
        outcome_of(AnswerPrediction(**COMMON, answer=AnswerSpan(text="Ada", start=0, end=3, score=0.7))).label == "Ada"
    )
    assert outcome_of(AnswerPrediction(**COMMON, answer=None)).label == ""
