from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from tests.models.small import (
    ACTIVATIONS,
    FAMILIES,
    LABELS,
    POOLINGS,
    random_texts,
    small_checkpoint,
    small_config,
    torch_outputs,
)

from dragoman.models.checkpoint import WEIGHTS_FILE, Checkpoint, write_checkpoint
from dragoman.models.packing import Grid, PackedBatch, pack
from dragoman.runtime.graph import GRAPH_FILE, INPUTS, build_graph

TOLERANCE = 1e-4
TEXTS = random_texts()


def assert_agreement(checkpoint: Checkpoint, folder: Path) -> None:
    onnx.save(written_graph(folder, checkpoint), folder / GRAPH_FILE)
    expected = torch_outputs(checkpoint, TEXTS)
    found = run_graph(folder / GRAPH_FILE, pack(TEXTS, first_position=checkpoint.config.first_position))
    for want, have in zip(expected, found, strict=bool(checkpoint.labels)):
        assert want.shape == have.shape
        np.testing.assert_allclose(have, want, rtol=0, atol=TOLERANCE)


def run_graph(path: Path, batch: PackedBatch) -> list[np.ndarray]:
    """All outputs, as somebody gets them who runs the file with ONNX Runtime alone."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run(None, {name: getattr(batch.grid if name in Grid._fields else batch, name) for name in INPUTS})


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("family", FAMILIES)
def test_the_graph_agrees_with_torch(family: str, activation: str, pooling: str, tmp_path: Path) -> None:
    assert_agreement(small_checkpoint(small_config(family, activation=activation), pooling=pooling), tmp_path)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_graph_of_a_body_agrees_with_torch(family: str, tmp_path: Path) -> None:
    assert_agreement(small_checkpoint(small_config(family), labels=[]), tmp_path)


@pytest.mark.parametrize("shape", [{"hidden": 64, "heads": 1, "layers": 1}, {"hidden": 48, "heads": 6, "layers": 4}])
def test_the_graph_agrees_with_torch_in_several_sizes(shape: dict[str, int], tmp_path: Path) -> None:
    assert_agreement(small_checkpoint(small_config(**shape)), tmp_path)


def written_graph(folder: Path, checkpoint: Checkpoint) -> onnx.ModelProto:
    write_checkpoint(folder, checkpoint)
    return build_graph(
        checkpoint.config,
        weights=folder / WEIGHTS_FILE,
        labels=len(checkpoint.labels),
        pooling=checkpoint.pooling,
    )


def test_the_graph_is_valid_and_takes_a_packed_batch(tmp_path: Path) -> None:
    onnx.save(written_graph(tmp_path, small_checkpoint()), tmp_path / GRAPH_FILE)

    onnx.checker.check_model(tmp_path / GRAPH_FILE, full_check=True)

    graph = onnx.load(tmp_path / GRAPH_FILE, load_external_data=False).graph
    assert tuple(value.name for value in graph.input) == INPUTS
    assert [value.name for value in graph.output] == ["hidden", "logits"]


def test_the_graph_holds_no_weights(tmp_path: Path) -> None:
    checkpoint = small_checkpoint()

    graph = written_graph(tmp_path, checkpoint)

    weights = {tensor.name for tensor in graph.graph.initializer if tensor.external_data}
    assert weights == set(checkpoint.arrays)
    assert all(len(t.raw_data) < 64 for t in graph.graph.initializer)


def test_the_same_checkpoint_gives_the_same_graph(tmp_path: Path) -> None:
    graphs = [written_graph(tmp_path / name, small_checkpoint(labels=LABELS)) for name in ("one", "other")]

    assert graphs[0].SerializeToString(deterministic=True) == graphs[1].SerializeToString(deterministic=True)
