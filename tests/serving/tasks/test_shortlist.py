from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.serving.tasks.asking import Chosen, Logits

from dragoman.models.packing import pack
from dragoman.models.scores import softmax
from dragoman.serving.tasks import shortlist
from dragoman.serving.tasks.shortlist import Shortlist, best_of

MASK, VOCABULARY = 1, 30


def masked(seed: int = 0) -> Chosen:
    table = np.random.default_rng(seed).normal(0, 3, (64, VOCABULARY)).astype(np.float32)
    return Chosen(lambda ids, _: table[[sum(ids) % 64] * list(ids).count(MASK)])


def read(readout: Shortlist, texts: list[list[int]], order: list[int]) -> list[Logits]:
    batch = pack(texts, first_position=0)
    return readout.read(np.zeros((batch.tokens, 1), np.float32), batch, order)


@given(
    st.lists(st.integers(-3, 3), min_size=1, max_size=12),
    st.integers(1, 14),
    st.one_of(st.none(), st.sets(st.integers(0, 11), min_size=1)),
)
def test_the_best_are_those_of_a_sort_with_the_lower_id_first(
    logits: list[int], top: int, targets: set[int] | None
) -> None:
    among = [id for id in range(len(logits)) if targets is None or id in targets]
    shares = softmax(np.array(logits, dtype=np.float32))
    best = (
        best_of(np.array(logits, dtype=np.float32), np.array(among, dtype=np.int64), top) if among else np.zeros((0, 2))
    )
    expected = sorted(among, key=lambda one: (-logits[one], one))[:top]
    assert best[:, 0].tolist() == expected
    np.testing.assert_allclose(best[:, 1], shares[expected], atol=1e-6)


def test_texts_answer_in_the_order_asked_however_few_masks_fit_at_once(monkeypatch) -> None:
    texts = [[5, 1, 7], [1, 1, 1, 2], [9, 1], [1, 3, 1]]
    everything = read(Shortlist(masked(), MASK, 4), texts, [3, 0, 2, 1])
    monkeypatch.setattr(shortlist, "MASKS_AT_ONCE", 2)
    assert [best.shape for best in everything] == [(2, 4, 2), (1, 4, 2), (1, 4, 2), (3, 4, 2)]
    for before, after in zip(everything, read(Shortlist(masked(), MASK, 4), texts, [3, 0, 2, 1]), strict=True):
        np.testing.assert_array_equal(before, after)


def test_scores_that_are_no_numbers_stay_none() -> None:
    broken = Chosen(lambda ids, _: np.full((1, VOCABULARY), np.nan, dtype=np.float32))
    assert np.isnan(read(Shortlist(broken, MASK, 2), [[1]], [0])[0]).any()


def test_lists_of_other_lengths_or_targets_have_other_keys() -> None:
    keys = {Shortlist(masked(), MASK, top, targets).key for top in (1, 2) for targets in (None, (1,), (1, 2))}
    assert len(keys) == 6
