from __future__ import annotations

import itertools
from random import Random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dragoman.models.packing import MASKED, pack, plan_batches

TEXTS = st.lists(st.lists(st.integers(0, 300_000), min_size=1, max_size=12), min_size=1, max_size=8)
LENGTHS = st.lists(st.integers(1, 50), max_size=30)


@given(TEXTS, st.integers(0, 5))
def test_slots_and_cells_take_every_text_to_the_grid_and_back(texts: list[list[int]], first_position: int) -> None:
    batch = pack(texts, first_position=first_position)

    grid = batch.input_ids[batch.grid.slots]

    assert batch.texts == len(texts)
    assert [row[: len(text)].tolist() for row, text in zip(grid, texts, strict=True)] == texts
    assert grid.flatten()[batch.grid.cells].tolist() == [token for text in texts for token in text]


@given(TEXTS)
def test_cells_past_the_end_repeat_the_first_token_and_are_masked(texts: list[list[int]]) -> None:
    batch = pack(texts, first_position=2)

    for row, text in enumerate(texts):
        assert (batch.grid.slots[row, len(text) :] == batch.first[row]).all()
        assert (batch.grid.mask[row, : len(text)] == 0).all()
        assert (batch.grid.mask[row, len(text) :] == np.float32(MASKED)).all()


@given(TEXTS, st.integers(0, 5))
def test_positions_count_from_the_first_one_in_every_text(texts: list[list[int]], first_position: int) -> None:
    batch = pack(texts, first_position=first_position)

    assert batch.position_ids.tolist() == [first_position + place for text in texts for place in range(len(text))]


@given(TEXTS)
def test_arrays_have_the_types_that_the_graph_takes(texts: list[list[int]]) -> None:
    batch = pack(texts, first_position=2)

    assert batch.grid.mask.dtype == np.float32
    arrays = (batch.input_ids, batch.position_ids, batch.type_ids, batch.first, batch.grid.slots, batch.grid.cells)
    assert {array.dtype for array in arrays} == {np.dtype(np.int64)}


@given(LENGTHS, st.integers(1, 120))
def test_batches_lose_and_repeat_nothing(lengths: list[int], max_tokens: int) -> None:
    batches = list(plan_batches(lengths, max_tokens=max_tokens))

    assert sorted(index for batch in batches for index in batch) == list(range(len(lengths)))
    assert all(batches)


@given(LENGTHS, st.integers(1, 120))
def test_batches_stay_within_the_budget_unless_one_text_alone_exceeds_it(lengths: list[int], max_tokens: int) -> None:
    for batch in plan_batches(lengths, max_tokens=max_tokens):
        assert sum(lengths[index] for index in batch) <= max_tokens or len(batch) == 1


@given(LENGTHS, st.integers(1, 120))
def test_batches_are_filled_before_a_new_one_begins(lengths: list[int], max_tokens: int) -> None:
    batches = list(plan_batches(lengths, max_tokens=max_tokens))

    for batch, following in itertools.pairwise(batches):
        assert sum(lengths[index] for index in [*batch, following[0]]) > max_tokens


@given(LENGTHS, st.randoms(use_true_random=False))
def test_batches_keep_the_order_they_are_given(lengths: list[int], random: Random) -> None:
    order = list(range(len(lengths)))
    random.shuffle(order)

    batches = plan_batches(lengths, max_tokens=64, order=order)

    assert [index for batch in batches for index in batch] == order


@given(LENGTHS)
def test_the_shortest_texts_come_first_by_default(lengths: list[int]) -> None:
    order = [lengths[index] for batch in plan_batches(lengths, max_tokens=64) for index in batch]

    assert order == sorted(lengths)


def test_token_types_are_zero_unless_they_are_given() -> None:
    batch = pack([[5, 6], [7, 8, 9], [4]], first_position=2, types=[None, [0, 1, 1], None])

    assert batch.type_ids.tolist() == [0, 0, 0, 1, 1, 0]


@given(TEXTS)
def test_a_batch_knows_how_long_its_texts_are(texts: list[list[int]]) -> None:
    batch = pack(texts, first_position=2)

    assert batch.lengths.tolist() == [len(text) for text in texts]
    assert (batch.texts, batch.tokens) == (len(texts), sum(map(len, texts)))


def test_features_lie_beside_their_texts() -> None:
    row = np.array([1.5, np.nan], dtype=np.float32)
    batch = pack([[5, 6], [7]], first_position=2, features=[None, row])

    assert batch.features is not None
    assert batch.features[0] is None
    assert batch.features[1] is row
    assert pack([[5]], first_position=2).features is None
