from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from dragoman.errors import InvalidData
from dragoman.runtime.agreement import compare_answers, missed_gates
from dragoman.runtime.answers import UNSAID, Answer, Answers


def labelled(labels: Sequence[Sequence[int]], values: Any = None) -> Answers:
    """Answers with these labels, and scores of one half or `values`."""
    each = [
        Answer(np.array(one, dtype=np.int64), np.full(max(len(one), 1), 0.5) if values is None else np.asarray(score))
        for one, score in zip(labels, values or labels, strict=True)
    ]
    return Answers(each, np.ones((len(each), 4), dtype=np.float32))


def valued(values: Any) -> Answers:
    rows = np.asarray(values, dtype=np.float32)
    return Answers([Answer(np.empty(0, dtype=np.int64), row) for row in rows], rows)


def test_agreement_is_the_share_of_equal_labels_over_all_and_per_language():
    found = compare_answers(
        labelled([[0], [1], [2], [0]]), labelled([[0], [1], [0], [0]]), ["de", "de", "en", "en"], kind="labels"
    )
    assert found.labels == 0.75
    assert found.languages == {"de": 1.0, "en": 0.5}
    assert found.worst_language == "en"
    assert found.texts == 4


def test_a_form_agrees_with_itself():
    answers = labelled([[0, 1], [1, 1]])
    found = compare_answers(answers, answers, ["de", "en"], kind="labels")
    assert (found.labels, found.score_distance) == (1.0, 0.0)
    assert found.cosine == pytest.approx(1.0)


def test_characters_agree_by_their_share_and_those_that_nobody_labels_do_not_count():
    one, two = labelled([[1, 1, UNSAID, 0, 0]]), labelled([[1, 1, UNSAID, 0, UNSAID]])
    assert compare_answers(one, two, ["th"], kind="labels").labels == 0.75


def test_answers_of_another_number_do_not_agree():
    assert compare_answers(labelled([[4, 5]]), labelled([[4]]), ["en"], kind="labels").labels == 0.0


def test_texts_that_have_nothing_to_compare_are_left_out():
    one, two = labelled([[], [3], []]), labelled([[], [4], []])
    found = compare_answers(one, two, ["de", "en", "en"], kind="labels")
    assert found.texts == 1
    assert found.languages == {"en": 0.0}


def test_texts_of_which_none_has_anything_to_compare_are_refused():
    with pytest.raises(InvalidData, match="answers none of the texts"):
        compare_answers(labelled([[], []]), labelled([[], []]), ["de", "en"], kind="labels")


def test_vectors_agree_when_their_nearest_other_text_is_the_same():
    vectors = np.array([[1, 0, 0], [1, 0.1, 0], [0, 1, 0], [0, 1, 0.1]])
    moved = vectors.copy()
    moved[1] = [0, 1, 0.02]
    assert compare_answers(valued(vectors), valued(vectors * 3), ["x"] * 4, kind="vectors").labels == 1.0
    assert compare_answers(valued(vectors), valued(moved), ["x"] * 4, kind="vectors").labels < 1.0


def test_numbers_agree_within_a_tenth_of_their_spread():
    numbers = np.array([[-1.0], [1.0], [-1.0], [1.0]])  # standard deviation 1
    moved = numbers + np.array([[0.09], [0.11], [0], [0]])
    found = compare_answers(valued(numbers), valued(moved), ["x"] * 4, kind="numbers")
    assert found.labels == 0.75
    assert found.score_distance == pytest.approx(0.11, abs=1e-5)


def test_the_score_distance_is_the_greatest():
    one, two = labelled([[0], [0]], [[0.9], [0.5]]), labelled([[0], [0]], [[0.8], [0.2]])
    assert compare_answers(one, two, ["a", "b"], kind="labels").score_distance == pytest.approx(0.3)


def test_the_cosine_is_the_least():
    answers = labelled([[0], [0]])
    other = answers._replace(mean=np.array([[1, 1, 1, 1], [1, 1, 1, -1]], dtype=np.float32))
    assert compare_answers(answers, other, ["a", "b"], kind="labels").cosine == pytest.approx(0.5)


def agreement(**languages: float) -> Any:
    answers = labelled([[0]])
    found = compare_answers(answers, answers, ["x"], kind="labels")
    return type(found)(texts=9, labels=min(languages.values()), languages=languages, score_distance=0.0, cosine=1.0)


def test_gates_that_are_reached_are_not_missed():
    assert missed_gates(agreement(de=0.995, en=1.0), gate=0.995, language_gate=0.98) == []


def test_each_missed_gate_is_named_with_its_language():
    missed = missed_gates(agreement(de=0.97, en=1.0, sw=0.979), gate=0.995, language_gate=0.98)
    assert missed == [
        "agreement 0.9700 < 0.995",
        "agreement in de 0.9700 < 0.98",
        "agreement in sw 0.9790 < 0.98",
    ]


def test_an_agreement_that_is_not_a_number_passes_no_gate():
    assert len(missed_gates(agreement(de=float("nan")), gate=0.5, language_gate=0.5)) == 2
