from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from tests.models.huggingface import hugging_face_outputs, save_model
from tests.models.small import FAMILIES, random_texts, small_checkpoint, small_config, torch_hidden
from torch.nn import functional as F  # noqa: N812

from dragoman.errors import InvalidCheckpoint
from dragoman.models.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from dragoman.models.packing import pack
from dragoman.models.readouts import embedding_readout_of, readout_of
from dragoman.models.sentence_transformers import EmbeddingSettings, transformer_folder

TEXTS = random_texts()
OLD = "sentence_transformers.models."
NEW = {
    "Transformer": "sentence_transformers.base.modules.transformer.Transformer",
    "Pooling": "sentence_transformers.sentence_transformer.modules.pooling.Pooling",
    "Dense": "sentence_transformers.base.modules.dense.Dense",
    "Normalize": "sentence_transformers.sentence_transformer.modules.normalize.Normalize",
}
TANH = "torch.nn.modules.activation.Tanh"
IDENTITY = "torch.nn.modules.linear.Identity"
DENSE = {
    "linear.weight": torch.randn(8, 32, generator=torch.Generator().manual_seed(0)),
    "linear.bias": torch.randn(8, generator=torch.Generator().manual_seed(1)),
}


def write_json(path: Path, value: Any) -> None:
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text(json.dumps(value))


def write_modules(folder: Path, *paths: str, types: dict[str, str] | None = None) -> None:
    """List modules by their sub-folders; the kind is what follows the number, a transformer in the root."""
    kinds = [path.rpartition("_")[2] or "Transformer" for path in paths]
    entries = [
        {"idx": number, "name": str(number), "path": path, "type": (types or {}).get(kind, OLD + kind)}
        for number, (path, kind) in enumerate(zip(paths, kinds, strict=True))
    ]
    write_json(folder / "modules.json", entries)


def write_dense(folder: Path, *, activation: str = TANH, arrays: dict[str, Any] = DENSE, **changes: Any) -> None:
    config = {"in_features": 32, "out_features": 8, "bias": "linear.bias" in arrays, "activation_function": activation}
    write_json(folder / "config.json", config | changes)
    save_file(arrays, folder / "model.safetensors")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A good folder: mean pooling, a dense layer, length 1."""
    save_model(tmp_path, "xlm-roberta", kind="")
    write_modules(tmp_path, "", "1_Pooling", "2_Dense", "3_Normalize")
    write_json(
        tmp_path / "1_Pooling" / "config.json", {"word_embedding_dimension": 32, "pooling_mode_mean_tokens": True}
    )
    write_dense(tmp_path / "2_Dense")
    return tmp_path


def embeddings(checkpoint: Checkpoint) -> np.ndarray:
    batch = pack(TEXTS, first_position=checkpoint.config.first_position)
    return np.stack(readout_of(checkpoint).read(torch_hidden(checkpoint, batch), batch, range(len(TEXTS))))


def tokens_of(folder: Path) -> list[torch.Tensor]:
    hidden = torch.from_numpy(hugging_face_outputs(folder, TEXTS, head=False).hidden)
    return list(torch.split(hidden, [len(text) for text in TEXTS]))


# Embeddings


def test_a_folder_gives_the_embeddings_of_its_modules(folder: Path) -> None:
    checkpoint = read_checkpoint(folder)

    means = torch.stack([tokens.mean(dim=0) for tokens in tokens_of(folder)])
    expected = F.normalize(torch.tanh(means @ DENSE["linear.weight"].T + DENSE["linear.bias"]))
    np.testing.assert_allclose(embeddings(checkpoint), expected.numpy(), rtol=0, atol=1e-4)
    assert checkpoint.head == "none"
    assert checkpoint.pooling == "mean"


@pytest.mark.parametrize("family", FAMILIES)
def test_a_transformer_in_a_sub_folder_is_found(family: str, tmp_path: Path) -> None:
    save_model(tmp_path / "0_Transformer", family, kind="MaskedLM")
    write_modules(tmp_path, "0_Transformer", "1_Pooling", types=NEW)
    write_json(tmp_path / "1_Pooling" / "config.json", {"embedding_dimension": 32, "pooling_mode": "cls"})

    checkpoint = read_checkpoint(tmp_path)

    expected = torch.stack([tokens[0] for tokens in tokens_of(tmp_path / "0_Transformer")])
    np.testing.assert_allclose(embeddings(checkpoint), expected.numpy(), rtol=0, atol=1e-4)
    assert transformer_folder(tmp_path) == tmp_path / "0_Transformer"
    assert (checkpoint.head, checkpoint.pooling) == ("none", "cls")


def test_dense_layers_run_in_order_with_their_activations(folder: Path) -> None:
    second = {"linear.weight": torch.randn(5, 8, generator=torch.Generator().manual_seed(2))}
    write_modules(folder, "", "1_Pooling", "2_Dense", "3_Dense")
    write_dense(folder / "3_Dense", activation=IDENTITY, arrays=second, in_features=8, out_features=5)

    found = embeddings(read_checkpoint(folder))

    means = torch.stack([tokens.mean(dim=0) for tokens in tokens_of(folder)])
    expected = torch.tanh(means @ DENSE["linear.weight"].T + DENSE["linear.bias"]) @ second["linear.weight"].T
    np.testing.assert_allclose(found, expected.numpy(), rtol=0, atol=1e-4)


def test_a_folder_without_modules_is_pooled_by_mean(tmp_path: Path) -> None:
    save_model(tmp_path, "xlm-roberta", kind="")

    found = embeddings(read_checkpoint(tmp_path))

    expected = torch.stack([tokens.mean(dim=0) for tokens in tokens_of(tmp_path)])
    np.testing.assert_allclose(found, expected.numpy(), rtol=0, atol=1e-4)


def test_a_cross_encoder_is_a_classifier(tmp_path: Path) -> None:
    save_model(tmp_path, "xlm-roberta", id2label={0: "LABEL_0"}, label2id={"LABEL_0": 0})
    write_modules(tmp_path, "", types=NEW)
    write_json(tmp_path / "config_sentence_transformers.json", {"model_type": "CrossEncoder"})

    checkpoint = read_checkpoint(tmp_path)

    assert (checkpoint.head, checkpoint.problem, checkpoint.labels) == ("classification", "regression", ["LABEL_0"])
    assert checkpoint.embedding is None


def test_options_go_before_the_settings_of_the_folder(folder: Path) -> None:
    write_json(folder / "config_sentence_transformers.json", {"truncate_dim": 4})
    checkpoint = read_checkpoint(folder)

    keys = [
        embedding_readout_of(checkpoint).key,
        embedding_readout_of(checkpoint, pooling="cls", normalize=False, dimensions=2).key,
    ]

    assert keys == ["pool:mean:normalized:4", "pool:cls:raw:2"]


# Settings


def test_settings_come_from_the_files_that_hold_them(folder: Path) -> None:
    write_json(folder / "sentence_bert_config.json", {"max_seq_length": 24, "do_lower_case": True})
    prompts = {"query": "query: ", "passage": "passage: ", "none": None}
    write_json(folder / "config_sentence_transformers.json", {"prompts": prompts, "default_prompt_name": "passage"})

    assert read_checkpoint(folder).embedding == EmbeddingSettings(
        activations=("tanh",),
        normalize=True,
        max_tokens=24,
        lower_case=True,
        prompts={"query": "query: ", "passage": "passage: ", "none": ""},
        default_prompt="passage",
    )


@pytest.mark.parametrize(("limit", "expected"), [(30, 30), (10**30, None), (None, None)])
def test_without_a_limit_of_its_own_the_tokenizers_limit_holds(
    limit: int | None, expected: int | None, folder: Path
) -> None:
    write_json(folder / "tokenizer_config.json", {"model_max_length": limit})

    settings = read_checkpoint(folder).embedding

    assert settings is not None
    assert settings.max_tokens == expected


@pytest.mark.parametrize("pooling", ["cls", "mean"])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_written_folder_reads_back_the_same(family: str, pooling: str, tmp_path: Path) -> None:
    dense = {name.replace("linear", "dense.0"): array.numpy() for name, array in DENSE.items()}
    dense["dense.1.weight"] = np.ones((4, 8), dtype=np.float32)
    body = small_checkpoint(small_config(family), labels=[], pooling=pooling)
    settings = EmbeddingSettings(
        activations=("tanh", "identity"),
        normalize=True,
        dimensions=3,
        max_tokens=20,
        lower_case=True,
        prompts={"query": "query: "},
        default_prompt="query",
    )
    checkpoint = body._replace(arrays={**body.arrays, **dense}, embedding=settings)

    write_checkpoint(tmp_path, checkpoint)

    again = read_checkpoint(tmp_path)
    assert again._replace(arrays={}) == checkpoint._replace(arrays={})
    assert again.arrays.keys() == checkpoint.arrays.keys()
    np.testing.assert_array_equal(embeddings(again), embeddings(checkpoint))


# Refusals


def change_json(path: Path, **changes: Any) -> None:
    write_json(path, json.loads(path.read_text()) | changes)


def pool_by(**config: Any) -> Callable[[Path], None]:
    return lambda folder: write_json(folder / "1_Pooling" / "config.json", config)


def change_dense(**changes: Any) -> Callable[[Path], None]:
    return lambda folder: change_json(folder / "2_Dense" / "config.json", **changes)


def narrow_dense(folder: Path) -> None:
    write_dense(folder / "2_Dense", arrays={"linear.weight": torch.ones(8, 31)}, in_features=31)


REFUSALS = [
    (pool_by(pooling_mode_max_tokens=True), "pools by max"),
    (pool_by(pooling_mode_cls_token=True, pooling_mode_mean_tokens=True), "pools by cls and mean"),
    (pool_by(pooling_mode="lasttoken"), "pools by lasttoken"),
    (pool_by(pooling_mode=["mean", "max"]), "pools by mean and max"),
    (pool_by(pooling_mode="mean", include_prompt=False), "include_prompt"),
    (pool_by(pooling_mode=3), "cannot be read"),
    (change_dense(activation_function="torch.nn.modules.activation.ReLU"), "'torch.nn.modules.activation.ReLU'"),
    (change_dense(module_input_name="token_embeddings"), "'token_embeddings'"),
    (change_dense(out_features=9), "not those of its config.json"),
    (change_dense(in_features="many"), "cannot be read"),
    (narrow_dense, "takes 31 numbers, and gets 32"),
    (lambda folder: (folder / "2_Dense" / "model.safetensors").unlink(), "has no weights"),
    (lambda folder: write_modules(folder, "", "1_LayerNorm"), "'LayerNorm'"),
    (lambda folder: write_modules(folder, "", "1_Pooling", types={"Pooling": "mine.Pooling"}), "'mine.Pooling'"),
    (lambda folder: write_modules(folder, "", "1_Pooling", "3_Normalize", "2_Dense"), "Pooling, Normalize, Dense"),
    (lambda folder: write_modules(folder, "1_Pooling"), "has the modules Pooling"),
    (lambda folder: write_modules(folder, "", "3_Normalize"), "has the modules Transformer, Normalize"),
    (lambda folder: write_modules(folder, "", "../1_Pooling"), "no part of the folder"),
    (lambda folder: write_modules(folder, "/0_Transformer"), "no part of the folder"),
    (lambda folder: (folder / "modules.json").write_text("{"), "modules.json cannot be read"),
    (lambda folder: (folder / "modules.json").write_text("{}"), "modules.json cannot be read"),
    (lambda folder: (folder / "modules.json").write_text("[]"), "has the modules"),
    (lambda folder: write_json(folder / "sentence_bert_config.json", {"max_seq_length": 0}), "max_seq_length"),
    (
        lambda folder: write_json(folder / "config_sentence_transformers.json", {"default_prompt_name": "query"}),
        "has no prompt 'query'",
    ),
]


@pytest.mark.parametrize(("spoil", "message"), REFUSALS, ids=[message for _, message in REFUSALS])
def test_what_dragoman_does_not_run_is_refused_by_name(
    spoil: Callable[[Path], Any], message: str, folder: Path
) -> None:
    spoil(folder)

    with pytest.raises(InvalidCheckpoint) as refusal:
        read_checkpoint(folder)

    assert message in refusal.value.message
    assert str(folder) in refusal.value.message
    assert refusal.value.help
