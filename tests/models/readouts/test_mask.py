from __future__ import annotations

import numpy as np
import pytest
from tests.models.small import small_checkpoint

from dragoman.errors import InvalidCheckpoint
from dragoman.models.packing import pack
from dragoman.models.readouts import mask, readout_of
from dragoman.models.readouts.choice import mask_readout_of

CHECKPOINT = small_checkpoint(labels=[], head="mask")
MASK_TOKEN = 5
BATCH = pack([[4, MASK_TOKEN], [6], [MASK_TOKEN, 9, MASK_TOKEN]], first_position=2)
HIDDEN = np.random.default_rng(0).normal(size=(6, 32)).astype(np.float32)


class Eighths:
    """A word table in one byte per number."""

    def __init__(self, table: np.ndarray) -> None:
        self.scale = np.abs(table).max() / 127
        self.codes = np.round(table / self.scale).astype(np.int8)
        self.largest = 0

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, rows: slice) -> np.ndarray:
        part = self.codes[rows] * self.scale
        self.largest = max(self.largest, len(part))
        return part


@pytest.mark.parametrize("chunk", [1, 7, 59, 60, 61])
def test_chunks_of_any_size_give_the_same(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    readout = mask_readout_of(CHECKPOINT, mask_token=MASK_TOKEN)
    whole = readout.read(HIDDEN, BATCH, [0, 1, 2])

    monkeypatch.setattr(mask, "CHUNK", chunk)

    for have, want in zip(readout.read(HIDDEN, BATCH, [0, 1, 2]), whole, strict=True):
        assert have == pytest.approx(want, abs=1e-5)


def test_a_smaller_word_table_is_read_in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mask, "CHUNK", 16)
    words = Eighths(CHECKPOINT.arrays["roberta.embeddings.word_embeddings.weight"])
    exact = mask_readout_of(CHECKPOINT, mask_token=MASK_TOKEN).read(HIDDEN, BATCH, [2])[0]

    (found,) = mask_readout_of(CHECKPOINT, mask_token=MASK_TOKEN, words=words).read(HIDDEN, BATCH, [2])

    assert words.largest == 16
    assert found.shape == (2, 60)
    assert found == pytest.approx(exact, abs=0.2)
    assert not np.array_equal(found, exact)


def test_a_mask_head_without_a_mask_token_is_refused() -> None:
    with pytest.raises(InvalidCheckpoint, match="no mask token"):
        readout_of(CHECKPOINT)
