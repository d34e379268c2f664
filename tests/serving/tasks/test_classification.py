from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragoman.errors import DragomanError
from dragoman.serving.tasks.classification import Classification, Classified, softmax


def finish(logits: list[float], *, temperature: float = 1.0, abstain_below: float = 0.0) -> Classified:
    task = Classification(["a", "b", "c"], temperature=temperature, abstain_below=abstain_below)
    return task.finish(np.array([logits], dtype=np.float32))[0]


def test_labels_come_best_first_with_their_shares() -> None:
    answer = finish([0.0, np.log(3.0), np.log(4.0)])
    assert [one.label for one in answer.labels] == ["c", "b", "a"]
    assert [one.score for one in answer.labels] == pytest.approx([0.5, 0.375, 0.125])


def test_equal_scores_keep_the_order_of_the_head() -> None:
    assert [one.label for one in finish([1.0, 2.0, 2.0]).labels] == ["b", "c", "a"]


def test_a_higher_temperature_makes_scores_more_equal() -> None:
    assert finish([0.0, 0.0, 8.0], temperature=4.0).labels[0].score < finish([0.0, 0.0, 8.0]).labels[0].score


def test_a_score_below_the_threshold_abstains_and_one_at_it_does_not() -> None:
    assert finish([0.0, 0.0, np.log(2.0)], abstain_below=0.51).abstained
    assert not finish([0.0, 0.0, 20.0], abstain_below=0.51).abstained


def test_top_keeps_the_best_labels_of_each_text() -> None:
    task = Classification(["a", "b", "c"], temperature=1.0, abstain_below=0.0)
    answers = task.finish(np.eye(3, dtype=np.float32), top=1)
    assert [[one.label for one in answer.labels] for answer in answers] == [["a"], ["b"], ["c"]]


@given(st.lists(st.floats(-(2.0**100), 2.0**100, width=32), min_size=1, max_size=8), st.floats(0.05, 20.0))
@settings(max_examples=100, deadline=None)
def test_scores_are_finite_and_sum_to_one(logits: list[float], temperature: float) -> None:
    scores = softmax(np.array([logits], dtype=np.float32), temperature=temperature)
    assert np.isfinite(scores).all()
    assert scores.sum() == pytest.approx(1.0)


def test_scores_that_are_not_numbers_are_an_error() -> None:
    with pytest.raises(DragomanError, match="no usable scores"):
        finish([0.0, float("nan"), 0.0])
