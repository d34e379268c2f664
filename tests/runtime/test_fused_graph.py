from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from tests.models.fused import MIXED, SHAPES, fused_checkpoint, random_features, torch_logits
from tests.models.small import FAMILIES, POOLINGS, random_texts, small_config

from dragoman.models.checkpoint import WEIGHTS_FILE, Checkpoint, write_checkpoint
from dragoman.models.fusion import Fusion
from dragoman.models.packing import pack
from dragoman.runtime.graph import GRAPH_FILE, INPUTS, build_graph
from dragoman.runtime.onnx_session import OnnxSession, session_of

TEXTS = random_texts()


def written_graph(folder: Path, checkpoint: Checkpoint) -> Path:
    write_checkpoint(folder, checkpoint)
    graph = build_graph(
        checkpoint.config,
        weights=folder / WEIGHTS_FILE,
        labels=len(checkpoint.labels),
        pooling=checkpoint.pooling,
        fusion=checkpoint.fusion,
    )
    onnx.save(graph, folder / GRAPH_FILE)
    return folder / GRAPH_FILE


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("shape", SHAPES)
def test_the_graph_with_features_agrees_with_torch(shape: str, family: str, pooling: str, tmp_path: Path) -> None:
    fusion, config = SHAPES[shape], small_config(family)
    checkpoint = fused_checkpoint(fusion, config=config, pooling=pooling)
    features = random_features(fusion, len(TEXTS))
    batch = pack(TEXTS, first_position=config.first_position, features=list(features))

    logits = OnnxSession(written_graph(tmp_path, checkpoint)).logits(batch)

    np.testing.assert_allclose(logits, torch_logits(checkpoint, batch, features), rtol=0, atol=1e-4)


@pytest.mark.parametrize("features", [None, [None] * len(TEXTS)], ids=["no features", "none of any text"])
def test_a_batch_without_features_is_one_whose_features_are_missing(
    features: list[None] | None, tmp_path: Path
) -> None:
    checkpoint = fused_checkpoint()
    batch = pack(TEXTS, first_position=2, features=features)

    logits = OnnxSession(written_graph(tmp_path, checkpoint)).logits(batch)

    np.testing.assert_allclose(logits, torch_logits(checkpoint, batch, None), rtol=0, atol=1e-4)


def test_the_graph_has_one_input_more_and_is_valid(tmp_path: Path) -> None:
    path = written_graph(tmp_path, fused_checkpoint())

    onnx.checker.check_model(path, full_check=True)

    inputs = onnx.load(path, load_external_data=False).graph.input
    assert tuple(one.name for one in inputs) == (*INPUTS, "features")
    assert [one.dim_param or one.dim_value for one in inputs[-1].type.tensor_type.shape.dim] == ["texts", 6]


def test_hidden_states_do_not_depend_on_features(tmp_path: Path) -> None:
    checkpoint = fused_checkpoint()
    batch = pack(TEXTS, first_position=2, features=list(random_features(MIXED, len(TEXTS))))

    with_head, body = OnnxSession(written_graph(tmp_path, checkpoint)).run(batch), session_of(checkpoint).run(batch)

    np.testing.assert_allclose(with_head, body, rtol=0, atol=1e-5)


def test_numbers_of_any_size_give_the_graph_what_they_give_the_model(tmp_path: Path) -> None:
    checkpoint = fused_checkpoint(Fusion(columns=[None, None], tower=6))
    features = np.array([[3e38, -3e38], [np.inf, -np.inf], [1e-40, 0], [np.nan, 7], [5, np.nan], [0, 0]], np.float32)
    batch = pack(TEXTS, first_position=2, features=list(features))

    logits = OnnxSession(written_graph(tmp_path, checkpoint)).logits(batch)

    np.testing.assert_allclose(logits, torch_logits(checkpoint, batch, features), rtol=0, atol=1e-4)
