from __future__ import annotations

import numpy as np
import pytest

from dragoman.models.packing import pack
from dragoman.models.readouts import Linear, PoolReadout
from dragoman.models.readouts.pool import DenseLayer

BATCH = pack([[1, 2], [3], [4, 5, 6]], first_position=0)
HIDDEN = np.arange(24, dtype=np.float32).reshape(6, 4)


def test_mean_pooling_takes_a_texts_own_tokens_alike() -> None:
    means = PoolReadout(normalize=False).read(HIDDEN, BATCH, [2, 0])

    assert np.array_equal(means[0], HIDDEN[3:6].mean(axis=0))
    assert np.array_equal(means[1], HIDDEN[0:2].mean(axis=0))


def test_cls_pooling_takes_the_first_token() -> None:
    (first,) = PoolReadout(pooling="cls", normalize=False).read(HIDDEN, BATCH, [2])

    assert np.array_equal(first, HIDDEN[3])


def test_an_embedding_is_cut_before_it_is_made_to_length_one() -> None:
    (whole,) = PoolReadout(normalize=False).read(HIDDEN, BATCH, [2])

    (cut,) = PoolReadout(dimensions=2).read(HIDDEN, BATCH, [2])

    assert np.linalg.norm(cut) == pytest.approx(1.0)
    assert cut == pytest.approx(whole[:2] / np.linalg.norm(whole[:2]))


def test_a_vector_of_zeros_stays_one() -> None:
    (vector,) = PoolReadout().read(np.zeros_like(HIDDEN), BATCH, [0])

    assert np.array_equal(vector, np.zeros(4))


def test_dense_layers_give_the_width() -> None:
    layers = [DenseLayer(Linear(np.ones((6, 4), dtype=np.float32)), np.tanh)]

    assert PoolReadout().width(4) == 4
    assert PoolReadout(dense=layers, dimensions=2).width(4) == 6
