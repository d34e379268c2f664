from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.models.small import POOLINGS, random_texts, small_checkpoint

from dragoman.errors import InvalidCheckpoint
from dragoman.models.packing import pack, plan_batches
from dragoman.runtime.onnx_session import OnnxSession, session_of

TEXTS = random_texts(24)
FIRST_POSITION = 2


def logits_in_batches(session: OnnxSession, *, max_tokens: int, seed: int) -> np.ndarray:
    """Logits in the order of `TEXTS`, from batches in an order of their own."""
    order = np.random.default_rng(seed).permutation(len(TEXTS))
    logits = np.empty((len(TEXTS), 3), dtype=np.float32)
    for rows in plan_batches([len(text) for text in TEXTS], max_tokens=max_tokens, order=order):
        batch = pack([TEXTS[row] for row in rows], first_position=FIRST_POSITION)
        logits[rows] = session.run(batch).logits
    return logits


@pytest.mark.parametrize("pooling", POOLINGS)
def test_a_text_has_the_same_logits_in_every_batch(pooling: str) -> None:
    session = session_of(small_checkpoint(pooling=pooling), threads=1)
    alone = logits_in_batches(session, max_tokens=1, seed=0)

    for seed, max_tokens in enumerate((40, 90, 1_000)):
        found = logits_in_batches(session, max_tokens=max_tokens, seed=seed)
        np.testing.assert_allclose(found, alone, rtol=0, atol=1e-5)


def test_the_same_batch_gives_the_same_bits() -> None:
    session = session_of(small_checkpoint(), threads=1)

    one, other = (logits_in_batches(session, max_tokens=90, seed=1) for _ in range(2))

    assert np.array_equal(one, other)


def test_a_body_gives_logits_without_columns() -> None:
    session = session_of(small_checkpoint(labels=[]), threads=1)

    outputs = session.run(pack(TEXTS[:3], first_position=FIRST_POSITION))

    assert outputs.logits.shape == (3, 0)
    assert outputs.hidden.shape == (sum(map(len, TEXTS[:3])), 32)


def test_a_session_outlives_the_files_it_came_from() -> None:
    session = session_of(small_checkpoint(), threads=1)  # its folder is gone by now

    assert np.isfinite(logits_in_batches(session, max_tokens=1_000, seed=0)).all()


@pytest.mark.parametrize("content", [None, b"", b"not a graph"], ids=["missing", "empty", "noise"])
def test_a_file_that_is_no_graph_is_refused(content: bytes | None, tmp_path: Path) -> None:
    graph = tmp_path / "graph.onnx"
    if content is not None:
        graph.write_bytes(content)

    with pytest.raises(InvalidCheckpoint, match=r"graph\.onnx cannot be loaded"):
        OnnxSession(graph, threads=1)
