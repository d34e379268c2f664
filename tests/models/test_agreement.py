from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.models.huggingface import (
    hugging_face_labels,
    hugging_face_outputs,
    save_model,
    use_half_precision,
    use_old_names,
    use_shards,
    use_torch_file,
)
from tests.models.small import (
    ACTIVATIONS,
    FAMILIES,
    LABELS,
    Outputs,
    random_texts,
    small_checkpoint,
    small_config,
    torch_outputs,
)

from dragoman.models.checkpoint import Checkpoint, read_checkpoint, write_checkpoint

TOLERANCE = 1e-4
SIZES = [
    {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 32},
    {"hidden_size": 48, "num_hidden_layers": 2, "num_attention_heads": 6, "intermediate_size": 192},
    {"hidden_size": 64, "num_hidden_layers": 4, "num_attention_heads": 4, "intermediate_size": 100},
]
TEXTS = random_texts()


def assert_agreement(folder: Path, checkpoint: Checkpoint) -> None:
    """Dragoman's outputs are those of `transformers`, for texts packed together and for each alone."""
    expected = hugging_face_outputs(folder, TEXTS, head=bool(checkpoint.labels))
    assert_close(expected, torch_outputs(checkpoint, TEXTS))
    assert_close(expected, Outputs(*map(np.concatenate, zip(*alone(checkpoint), strict=True))))


def alone(checkpoint: Checkpoint) -> list[Outputs]:
    return [torch_outputs(checkpoint, [text]) for text in TEXTS]


def assert_close(expected: Outputs, found: Outputs) -> None:
    for want, have in zip(expected, found, strict=True):
        assert want.shape == have.shape
        np.testing.assert_allclose(have, want, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"hidden{size['hidden_size']}")
@pytest.mark.parametrize("family", FAMILIES)
def test_a_classifier_agrees_with_transformers(family: str, size: dict[str, int], tmp_path: Path) -> None:
    folder = save_model(tmp_path, family, **size)

    checkpoint = read_checkpoint(folder)

    assert checkpoint.labels == LABELS
    assert checkpoint.pooling == "cls"
    assert_agreement(folder, checkpoint)


@pytest.mark.parametrize("kind", ["", "MaskedLM"], ids=["bare", "masked_lm"])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_body_without_a_head_agrees_with_transformers(family: str, kind: str, tmp_path: Path) -> None:
    folder = save_model(tmp_path, family, kind=kind)

    checkpoint = read_checkpoint(folder)

    assert checkpoint.labels == []
    assert_agreement(folder, checkpoint)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("family", FAMILIES)
def test_every_activation_agrees_with_transformers(family: str, activation: str, tmp_path: Path) -> None:
    folder = save_model(tmp_path, family, hidden_act=activation)

    assert_agreement(folder, read_checkpoint(folder))


@pytest.mark.parametrize("family", ["xlm-roberta", "roberta"])
def test_positions_follow_the_padding_index_as_in_transformers(family: str, tmp_path: Path) -> None:
    folder = save_model(tmp_path, family, pad_token_id=3)

    checkpoint = read_checkpoint(folder)

    assert checkpoint.config.first_position == 4
    assert_agreement(folder, checkpoint)


@pytest.mark.parametrize(
    "change",
    [
        use_old_names,
        use_torch_file,
        use_shards,
        lambda folder: use_half_precision(folder, torch.float16),
        lambda folder: use_half_precision(folder, torch.bfloat16),
    ],
    ids=["gamma_and_beta", "pytorch_model.bin", "shards", "float16", "bfloat16"],
)
@pytest.mark.parametrize("family", FAMILIES)
def test_every_way_of_storing_weights_agrees_with_transformers(
    family: str, change: Callable[[Path], None], tmp_path: Path
) -> None:
    folder = save_model(tmp_path, family)
    change(folder)

    assert_agreement(folder, read_checkpoint(folder))


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("family", FAMILIES)
def test_a_written_classifier_loads_in_transformers(family: str, activation: str, tmp_path: Path) -> None:
    checkpoint = small_checkpoint(small_config(family, activation=activation))

    write_checkpoint(tmp_path, checkpoint)

    assert_agreement(tmp_path, checkpoint)


@pytest.mark.parametrize("labels", [[], LABELS], ids=["no_head", "mean_head"])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_written_body_loads_in_transformers(family: str, labels: list[str], tmp_path: Path) -> None:
    checkpoint = small_checkpoint(small_config(family), labels=labels, pooling="mean")

    write_checkpoint(tmp_path, checkpoint)

    expected = hugging_face_outputs(tmp_path, TEXTS, head=False)
    np.testing.assert_allclose(torch_outputs(checkpoint, TEXTS).hidden, expected.hidden, rtol=0, atol=TOLERANCE)


def test_a_written_classifier_keeps_its_labels_in_transformers(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, small_checkpoint())

    assert hugging_face_labels(tmp_path) == LABELS
