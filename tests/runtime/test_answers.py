from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.models.small import small_checkpoint

from dragoman.models.names import Head
from dragoman.models.readouts import readout_of
from dragoman.runtime.answers import UNSAID, Reader, answer_texts
from dragoman.runtime.base import FakeSession
from dragoman.runtime.cuts import Cut
from dragoman.runtime.onnx_session import session_of

HEADS: tuple[Head, ...] = ("none", "classification", "tokens", "span", "mask")


class Said:
    """A readout that says the same logits of every text."""

    key = "said"

    def __init__(self, logits: Any) -> None:
        self.logits = np.asarray(logits, dtype=np.float32)

    def read(self, hidden: Any, batch: Any, texts: Any) -> list[Any]:
        return [self.logits for _ in texts]


def answer(head: Head, logits: Any, cut: Cut | None = None, **options: Any) -> Any:
    cut = cut or Cut([5], [(0, 1)], 1)
    return answer_texts(FakeSession(), Reader(Said(logits), head, 0, **options), [cut]).each[0]


@pytest.mark.parametrize("head", HEADS)
def test_every_head_is_answered_in_the_order_of_the_texts(head):
    checkpoint = small_checkpoint(labels=["a", "b", "c"] if head in ("classification", "tokens") else [], head=head)
    reader = Reader(readout_of(checkpoint, mask_token=4), head, 2)
    cuts = [Cut([0, *ids, 2], [(n, n + 1) for n in range(len(ids) + 2)], 9) for ids in ([4, 9, 9, 9], [4], [4, 7])]
    session = session_of(checkpoint, threads=1)
    together = answer_texts(session, reader, cuts)
    for place, cut in enumerate(cuts):
        alone = answer_texts(session, reader, [cut])
        np.testing.assert_array_equal(together.each[place].labels, alone.each[0].labels)
        np.testing.assert_allclose(together.each[place].values, alone.each[0].values, atol=1e-5)
        np.testing.assert_allclose(together.mean[place], alone.mean[0], atol=1e-5)


def test_one_label_is_the_best_with_scores_that_sum_to_one():
    found = answer("classification", [0.0, 2.0, 1.0])
    assert found.labels.tolist() == [1]
    assert found.values.sum() == pytest.approx(1.0)


def test_several_labels_are_those_above_one_half():
    found = answer("classification", [-1.0, 2.0, 0.5], problem="multi")
    assert found.labels.tolist() == [0, 1, 1]
    assert found.values[1] == pytest.approx(0.8808, abs=1e-4)


def test_a_number_is_itself():
    found = answer("classification", [3.5], problem="regression")
    assert found.labels.size == 0
    assert found.values.tolist() == [3.5]


def test_labels_of_tokens_are_those_of_their_characters():
    cut = Cut([0, 7, 8, 2], [(0, 0), (0, 2), (3, 4), (0, 0)], 5)
    found = answer("tokens", [[9, 0], [0, 1], [1, 0], [0, 9]], cut)
    assert found.labels.tolist() == [1, 1, UNSAID, 0, UNSAID]


def test_a_span_is_where_its_characters_start_and_end():
    cut = Cut([0, 7, 8, 9], [(0, 0), (0, 2), (3, 4), (4, 7)], 7)
    found = answer("span", [[0, 0], [0, 0], [5, 0], [0, 5]], cut)
    assert found.labels.tolist() == [3, 7]


def test_a_piece_at_a_mask_has_its_id_in_the_whole_vocabulary():
    logits = [[0, 1, 5], [4, 0, 0]]
    assert answer("mask", logits).labels.tolist() == [2, 0]
    assert answer("mask", logits, pieces=[0, 7, 50]).labels.tolist() == [50, 0]


def test_a_text_without_masks_has_no_labels():
    assert answer("mask", np.empty((0, 9))).labels.size == 0
