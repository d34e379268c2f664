from __future__ import annotations

import numpy as np
import pytest
from tests.models.fused import MIXED, SHAPES, fused_checkpoint, random_features, torch_logits
from tests.models.small import POOLINGS, random_texts, torch_hidden

from dragoman.models.fusion import Fusion
from dragoman.models.packing import PackedBatch, pack
from dragoman.models.readouts import FusedReadout, readout_of

TEXTS = random_texts(5)


def batch_with(features: list[np.ndarray | None] | None) -> PackedBatch:
    return pack(TEXTS, first_position=2, features=features)


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("shape", SHAPES)
def test_the_readout_agrees_with_torch(shape: str, pooling: str) -> None:
    fusion = SHAPES[shape]
    checkpoint = fused_checkpoint(fusion, pooling=pooling)
    features = random_features(fusion, len(TEXTS))
    batch = batch_with(list(features))

    read = readout_of(checkpoint).read(torch_hidden(checkpoint, batch), batch, range(len(TEXTS)))

    assert isinstance(readout_of(checkpoint), FusedReadout)
    np.testing.assert_allclose(read, torch_logits(checkpoint, batch, features), atol=1e-5)


def logits(features: list[np.ndarray | None] | None, texts: list[int] | None = None) -> np.ndarray:
    checkpoint, batch = fused_checkpoint(), batch_with(features)
    return np.stack(readout_of(checkpoint).read(torch_hidden(checkpoint, batch), batch, texts or range(len(TEXTS))))


def test_a_text_without_features_is_answered_as_if_all_were_missing() -> None:
    given = list(random_features(MIXED, len(TEXTS)))
    nothing = np.full(len(MIXED.columns), np.nan, dtype=np.float32)

    assert np.array_equal(logits([*given[:-1], None]), logits([*given[:-1], nothing]))
    assert np.array_equal(logits(None), logits([nothing] * len(TEXTS)))


def test_a_category_that_training_has_not_seen_is_a_missing_one() -> None:
    rows = [np.array([1, code, 0.5, np.nan, -2, 1], dtype=np.float32) for code in (3, 99, -1, np.nan, 2)]

    same = logits([rows[0]] * len(TEXTS))

    for row in rows[1:4]:
        assert np.array_equal(logits([row] * len(TEXTS)), same)
    assert not np.allclose(logits([rows[4]] * len(TEXTS)), same)


def test_numbers_beyond_the_cut_count_as_the_cut_and_infinity_too() -> None:
    large, huge, endless = (
        logits([np.array([value, 0, 0, np.nan, 0, 0], dtype=np.float32)] * len(TEXTS)) for value in (1e3, 3e38, np.inf)
    )

    assert np.array_equal(large, huge)
    assert np.array_equal(large, endless)
    assert np.isfinite(large).all()


def test_each_text_has_its_own_features_whatever_order_is_asked() -> None:
    features = list(random_features(MIXED, len(TEXTS)))

    asked = logits(features, [3, 0])

    np.testing.assert_allclose(asked, logits(features)[[3, 0]], atol=1e-5)


def test_the_shape_counts_a_row_for_missing_beside_each_columns_categories() -> None:
    assert MIXED.starts == [0, 4, 5]
    assert MIXED.shapes(32)["fusion.categories.weight"] == (8, 4)
    assert MIXED.width == 2 * 3 + 3 * 4
    assert "fusion.mean" not in Fusion(columns=[2]).shapes(32)
