"""The readouts give what the heads of `transformers` give."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from tests.models.huggingface import hugging_face_head, save_model, use_shards, use_torch_file
from tests.models.small import ACTIVATIONS, FAMILIES, LABELS, random_texts, small_checkpoint, small_config, torch_hidden

from dragoman.models.checkpoint import WEIGHTS_FILE, Checkpoint, open_checkpoint, read_checkpoint, write_checkpoint
from dragoman.models.names import ARCHITECTURE_ENDINGS, Head
from dragoman.models.packing import pack
from dragoman.models.readouts import readout_of

TOLERANCE = 1e-4
MASK_TOKEN = 7
KINDS: dict[str, Head] = {ending.removeprefix("For"): head for head, ending in ARCHITECTURE_ENDINGS.items()}
TEXTS = [[MASK_TOKEN if place % 3 == 1 else token for place, token in enumerate(text)] for text in random_texts()]


def read_out(
    checkpoint: Checkpoint, texts: Sequence[Sequence[int]], types: Sequence[Sequence[int]] | None = None
) -> list[np.ndarray]:
    batch = pack(texts, first_position=checkpoint.config.first_position, types=types)
    readout = readout_of(checkpoint, mask_token=MASK_TOKEN)
    return readout.read(torch_hidden(checkpoint, batch), batch, range(len(texts)))


def expected_of(folder: Path, kind: str, types: Sequence[Sequence[int]] | None = None) -> list[np.ndarray]:
    """Of a mask head, the rows of masked tokens only."""
    rows = hugging_face_head(folder, kind, TEXTS, types)
    if kind == "MaskedLM":
        return [row[np.asarray(text) == MASK_TOKEN] for row, text in zip(rows, TEXTS, strict=True)]
    return rows


def assert_close(found: Sequence[np.ndarray], expected: Sequence[np.ndarray]) -> None:
    for have, want in zip(found, expected, strict=True):
        assert have.shape == want.shape
        assert have.dtype == np.float32
        np.testing.assert_allclose(have, want, rtol=0, atol=TOLERANCE)


def labels_of(kind: str) -> list[str]:
    return LABELS if kind in ("SequenceClassification", "TokenClassification") else []


def size_of(kind: str) -> dict[str, dict[int, str]]:
    """A span head has two scores in every config that `transformers` trains."""
    return {"id2label": {0: "start", 1: "end"}} if kind == "QuestionAnswering" else {}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("family", FAMILIES)
def test_every_head_agrees_with_transformers(family: str, kind: str, tmp_path: Path) -> None:
    folder = save_model(tmp_path, family, kind=kind, **size_of(kind))

    checkpoint = read_checkpoint(folder)

    assert (checkpoint.head, checkpoint.labels) == (KINDS[kind], labels_of(kind))
    expected = expected_of(folder, kind)
    assert_close(read_out(checkpoint, TEXTS), expected)
    assert_close([row for text in TEXTS for row in read_out(checkpoint, [text])], expected)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("family", FAMILIES)
def test_a_written_head_loads_in_transformers(family: str, kind: str, tmp_path: Path) -> None:
    checkpoint = small_checkpoint(small_config(family), labels=labels_of(kind), head=KINDS[kind])

    write_checkpoint(tmp_path, checkpoint)

    assert_close(read_out(checkpoint, TEXTS), expected_of(tmp_path, kind))


@pytest.mark.parametrize("change", [use_torch_file, use_shards], ids=["pytorch_model.bin", "shards"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("family", FAMILIES)
def test_a_head_read_array_by_array_agrees_with_transformers(
    family: str, kind: str, change: Callable[[Path], None], tmp_path: Path
) -> None:
    folder = save_model(tmp_path, family, kind=kind, **size_of(kind))
    change(folder)

    assert_close(read_out(open_checkpoint(folder), TEXTS), expected_of(folder, kind))


@pytest.mark.parametrize("kind", KINDS)
def test_the_second_text_of_a_bert_pair_has_its_own_type(kind: str, tmp_path: Path) -> None:
    folder = save_model(tmp_path, "bert", kind=kind, **size_of(kind))
    types = [[int(place > len(text) // 2) for place in range(len(text))] for text in TEXTS]

    assert_close(read_out(read_checkpoint(folder), TEXTS, types), expected_of(folder, kind, types))


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("family", FAMILIES)
def test_a_mask_head_has_the_activation_of_transformers(family: str, activation: str, tmp_path: Path) -> None:
    folder = save_model(tmp_path, family, kind="MaskedLM", hidden_act=activation)

    assert_close(read_out(read_checkpoint(folder), TEXTS), expected_of(folder, "MaskedLM"))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_mask_head_with_its_own_decoder_agrees_with_transformers(family: str, tmp_path: Path) -> None:
    folder = save_model(tmp_path, family, kind="MaskedLM", tie_word_embeddings=False)

    checkpoint = read_checkpoint(folder)

    assert "lm_head.decoder.weight" in checkpoint.arrays
    assert_close(read_out(checkpoint, TEXTS), expected_of(folder, "MaskedLM"))
    write_checkpoint(tmp_path / "again", checkpoint)
    assert_close(read_out(checkpoint, TEXTS), expected_of(tmp_path / "again", "MaskedLM"))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_decoder_that_repeats_the_word_table_is_not_kept(family: str, tmp_path: Path) -> None:
    folder = save_model(tmp_path, family, kind="MaskedLM")
    body, head = ("bert.", "cls.predictions.") if family == "bert" else ("roberta.", "lm_head.")
    arrays = load_file(folder / WEIGHTS_FILE)
    arrays[f"{head}decoder.weight"] = arrays[f"{body}embeddings.word_embeddings.weight"].clone()
    arrays[f"{head}decoder.bias"] = arrays[f"{head}bias"].clone()
    save_file(arrays, folder / WEIGHTS_FILE, metadata={"format": "pt"})

    checkpoint = read_checkpoint(folder)

    assert not any("decoder" in name for name in checkpoint.arrays)
    assert_close(read_out(checkpoint, TEXTS), expected_of(folder, "MaskedLM"))


def test_every_masked_token_of_a_text_has_its_row() -> None:
    rows = read_out(small_checkpoint(labels=[], head="mask"), TEXTS)

    assert [len(row) for row in rows] == [text.count(MASK_TOKEN) for text in TEXTS]
    assert {row.shape[1] for row in rows} == {60}
    assert len(rows[0]) == 0


@pytest.mark.parametrize("family", FAMILIES)
def test_a_mean_classifier_agrees_with_its_formula(family: str) -> None:
    checkpoint = small_checkpoint(small_config(family), pooling="mean")
    arrays = {name: torch.from_numpy(array) for name, array in checkpoint.arrays.items()}

    found = read_out(checkpoint, TEXTS)

    for logits, text in zip(found, TEXTS, strict=True):
        batch = pack([text], first_position=checkpoint.config.first_position)
        mean = torch.from_numpy(torch_hidden(checkpoint, batch)).mean(dim=0)
        dense = torch.tanh(arrays["classifier.dense.weight"] @ mean + arrays["classifier.dense.bias"])
        expected = arrays["classifier.out_proj.weight"] @ dense + arrays["classifier.out_proj.bias"]
        np.testing.assert_allclose(logits, expected.numpy(), rtol=0, atol=TOLERANCE)
