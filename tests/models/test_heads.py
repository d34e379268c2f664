from __future__ import annotations

import numpy as np
import torch
from tests.models.small import random_texts

from dragoman.models.encoder import TorchBatch
from dragoman.models.heads import pool
from dragoman.models.packing import pack

TEXTS = random_texts(5, longest=9)
BATCH = TorchBatch.of(pack(TEXTS, first_position=2))
HIDDEN = torch.from_numpy(np.random.default_rng(0).normal(size=(len(BATCH.input_ids), 4)).astype(np.float32))


def rows_of_texts() -> list[torch.Tensor]:
    return list(torch.split(HIDDEN, [len(text) for text in TEXTS]))


def test_cls_pooling_takes_the_first_token() -> None:
    expected = torch.stack([rows[0] for rows in rows_of_texts()])

    assert torch.equal(pool(HIDDEN, BATCH, "cls"), expected)


def test_mean_pooling_takes_a_texts_own_tokens_alike() -> None:
    expected = torch.stack([rows.mean(dim=0) for rows in rows_of_texts()])

    torch.testing.assert_close(pool(HIDDEN, BATCH, "mean"), expected)
