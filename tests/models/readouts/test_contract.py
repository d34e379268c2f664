"""What every readout promises."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragoman.models.fusion import Fusion
from dragoman.models.packing import PackedBatch, pack
from dragoman.models.readouts import (
    AllTokensReadout,
    ClassificationReadout,
    FusedReadout,
    Linear,
    MaskReadout,
    PoolReadout,
    Readout,
    SpanReadout,
    TokenReadout,
)
from dragoman.models.readouts.activation import gelu
from dragoman.models.readouts.fused import FeatureTower
from dragoman.models.readouts.mask import WordTransform
from dragoman.models.readouts.norm import Norm
from dragoman.models.readouts.pool import DenseLayer
from dragoman.models.readouts.probed import ProbedReadout
from dragoman.profiles import Probe

HIDDEN, VOCABULARY, MASK_TOKEN = 16, 50, 3
RANDOM = np.random.default_rng(0)
TABLE = RANDOM.normal(size=(VOCABULARY, HIDDEN)).astype(np.float32)


def linear(outputs: int) -> Linear:
    shapes = (outputs, HIDDEN), (outputs,)
    return Linear(*(RANDOM.normal(0.0, 0.25, shape).astype(np.float32) for shape in shapes))


FUSION = Fusion(columns=[None, 5], embedding=2, tower=4)
TOWER = FeatureTower(
    FUSION, {name: 1 + RANDOM.random(shape).astype(np.float32) for name, shape in FUSION.shapes(HIDDEN).items()}
)
NORM = Norm(TABLE[0], TABLE[1], 1e-5)
READOUTS: dict[str, Readout] = {
    "classification": ClassificationReadout(dense=linear(HIDDEN), out=linear(3), pooling="cls"),
    "mean_classification": ClassificationReadout(dense=linear(HIDDEN), out=linear(3), pooling="mean"),
    "fused": FusedReadout(dense=linear(HIDDEN), out=linear(3), pooling="mean", tower=TOWER),
    "tokens": TokenReadout(linear(5)),
    "span": SpanReadout(linear(2)),
    "mask": MaskReadout(
        MASK_TOKEN, transform=WordTransform(linear(HIDDEN), gelu, NORM), words=TABLE, bias=TABLE[:, 0].copy()
    ),
    "mean": PoolReadout(),
    "cls": PoolReadout(pooling="cls", normalize=False, dimensions=5),
    "dense": PoolReadout(dense=[DenseLayer(linear(8), np.tanh), DenseLayer(Linear(TABLE[:4, :8]), np.tanh)]),
    "all_tokens": AllTokensReadout(),
    "probed": ProbedReadout(PoolReadout(), Probe.fit(TABLE, ["en"] * VOCABULARY)),
}
TEXTS = st.lists(st.lists(st.integers(0, 6), min_size=1, max_size=9), min_size=1, max_size=6)
every_readout = pytest.mark.parametrize("readout", READOUTS.values(), ids=READOUTS)


def hidden_of(batch: PackedBatch) -> np.ndarray:
    """A vector per token that depends on its id and place alone."""
    return TABLE[batch.input_ids] * (1 + batch.position_ids[:, None]).astype(np.float32)


def read(readout: Readout, texts: list[list[int]], asked: list[int]) -> list[np.ndarray]:
    features = [np.array([len(text), text[0]], dtype=np.float32) for text in texts]
    batch = pack(texts, first_position=0, features=features)
    return readout.read(hidden_of(batch), batch, asked)


@every_readout
@settings(max_examples=25)
@given(texts=TEXTS, data=st.data())
def test_a_text_has_the_same_numbers_alone_and_among_others(
    readout: Readout, texts: list[list[int]], data: st.DataObject
) -> None:
    asked = data.draw(st.lists(st.integers(0, len(texts) - 1), unique=True))

    found = read(readout, texts, asked)

    assert len(found) == len(asked)
    for row, text in zip(found, asked, strict=True):
        (alone,) = read(readout, [texts[text]], [0])
        assert row.shape == alone.shape
        np.testing.assert_allclose(row, alone, rtol=0, atol=1e-5 * np.abs(alone).max(initial=1.0))


@every_readout
def test_an_answer_keeps_no_more_memory_than_its_own(readout: Readout) -> None:
    for row in read(readout, [[1, MASK_TOKEN], [2], [MASK_TOKEN, 5, 6]], [2, 0]):
        assert row.dtype == np.float32
        assert row.base is None


@every_readout
def test_hidden_states_stay_as_they_are(readout: Readout) -> None:
    batch = pack([[1, MASK_TOKEN], [2]], first_position=0)
    hidden = hidden_of(batch)
    before = hidden.copy()

    for row in readout.read(hidden, batch, [0, 1]):
        row[...] = 1

    assert np.array_equal(hidden, before)


@every_readout
def test_no_texts_give_no_answers(readout: Readout) -> None:
    assert read(readout, [[1], [2]], []) == []


def test_readouts_of_one_checkpoint_have_keys_of_their_own() -> None:
    pools = [
        PoolReadout(pooling=pooling, normalize=normalize, dimensions=dimensions)
        for pooling in ("mean", "cls")
        for normalize in (True, False)
        for dimensions in (None, 4, 8)
    ]
    kinds = [READOUTS[name] for name in ("classification", "tokens", "span", "mask", "all_tokens", "probed")]

    keys = [readout.key for readout in [*pools, *kinds]]

    assert len(set(keys)) == len(keys)
    assert PoolReadout(dimensions=256).key == "pool:mean:normalized:256"
