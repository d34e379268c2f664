from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from tests.models.small import random_texts, small_checkpoint

from dragoman.errors import InvalidCheckpoint
from dragoman.models.checkpoint import WEIGHTS_FILE, write_checkpoint
from dragoman.models.packing import pack, plan_batches
from dragoman.runtime.graph import GRAPH_FILE, build_graph
from dragoman.runtime.onnx_session import OnnxSession, session_of

TEXTS = random_texts(24)
FIRST_POSITION = 2


def hidden_in_batches(session: OnnxSession, *, max_tokens: int, seed: int) -> np.ndarray:
    """Hidden states in the order of `TEXTS`, from batches in an order of their own."""
    order = np.random.default_rng(seed).permutation(len(TEXTS))
    hidden: dict[int, np.ndarray] = {}
    for rows in plan_batches([len(text) for text in TEXTS], max_tokens=max_tokens, order=order):
        batch = pack([TEXTS[row] for row in rows], first_position=FIRST_POSITION)
        hidden |= zip(rows, np.split(session.run(batch), batch.first[1:]), strict=True)
    return np.concatenate([hidden[row] for row in range(len(TEXTS))])


def test_a_text_has_the_same_hidden_states_in_every_batch() -> None:
    session = session_of(small_checkpoint(), threads=1)
    alone = hidden_in_batches(session, max_tokens=1, seed=0)

    for seed, max_tokens in enumerate((40, 90, 1_000)):
        found = hidden_in_batches(session, max_tokens=max_tokens, seed=seed)
        np.testing.assert_allclose(found, alone, rtol=0, atol=1e-5)


def test_the_same_batch_gives_the_same_bits() -> None:
    session = session_of(small_checkpoint(), threads=1)

    one, other = (hidden_in_batches(session, max_tokens=90, seed=1) for _ in range(2))

    assert np.array_equal(one, other)


def test_a_session_outlives_the_files_it_came_from() -> None:
    session = session_of(small_checkpoint(), threads=1)  # its folder is gone by now

    assert np.isfinite(hidden_in_batches(session, max_tokens=1_000, seed=0)).all()


def test_a_graph_without_token_types_runs(tmp_path: Path) -> None:
    graph = written_graph(tmp_path)
    kept = [one for one in graph.graph.input if one.name != "type_ids"]
    del graph.graph.input[:]
    graph.graph.input.extend(kept)
    graph.graph.initializer.append(numpy_helper.from_array(np.array([0], dtype=np.int64), "type_ids"))
    onnx.save(graph, tmp_path / GRAPH_FILE)

    hidden = OnnxSession(tmp_path / GRAPH_FILE, threads=1).run(pack(TEXTS[:2], first_position=FIRST_POSITION))

    assert hidden.shape == (len(TEXTS[0]) + len(TEXTS[1]), 32)


def written_graph(folder: Path) -> onnx.ModelProto:
    checkpoint = small_checkpoint()
    write_checkpoint(folder, checkpoint)
    return build_graph(checkpoint.config, weights=folder / WEIGHTS_FILE, labels=3, pooling="cls")


@pytest.mark.parametrize("content", [None, b"", b"not a graph"], ids=["missing", "empty", "noise"])
def test_a_file_that_is_no_graph_is_refused(content: bytes | None, tmp_path: Path) -> None:
    graph = tmp_path / "graph.onnx"
    if content is not None:
        graph.write_bytes(content)

    with pytest.raises(InvalidCheckpoint, match=r"graph\.onnx cannot be loaded"):
        OnnxSession(graph, threads=1)
