"""Checkpoints in Hugging Face format: read, checked, and written.

Inside Dragoman every checkpoint has the names of `XLMRobertaForSequenceClassification`: `roberta.*` for the body,
`classifier.dense` and `classifier.out_proj` for the head. BERT's names are translated at the border; its pooler is the
head's `dense`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import ml_dtypes  # noqa: F401 (gives numpy the type bfloat16, without which safetensors cannot read such weights)
import msgspec
import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from dragoman.errors import InvalidCheckpoint, MissingExtra
from dragoman.models.config import EncoderConfig
from dragoman.models.config_file import ARCHITECTURES, CONFIG_FILE, read_config
from dragoman.store.files import full_disk_as_error

__all__ = ["CONFIG_FILE", "WEIGHTS_FILE", "Checkpoint", "expected_shapes", "read_checkpoint", "write_checkpoint"]

WEIGHTS_FILE = "model.safetensors"
INDEX_FILE = "model.safetensors.index.json"
TORCH_FILE = "pytorch_model.bin"

IGNORED_SUFFIXES = ("position_ids", "token_type_ids")  # buffers that old releases of transformers wrote
IGNORED_PREFIXES = ("lm_head.", "cls.", "roberta.pooler.", "qa_outputs.")  # parts this task does not use

Array = NDArray[Any]
Arrays = dict[str, Array]


class Checkpoint(NamedTuple):
    """An encoder with an optional classification head."""

    config: EncoderConfig
    arrays: Arrays  # float32
    labels: list[str]  # empty: a body without a head
    pooling: str  # "cls" or "mean"


class Index(msgspec.Struct, frozen=True):
    """Which file holds which array of a large checkpoint."""

    weight_map: dict[str, str]


def expected_shapes(config: EncoderConfig, labels: int) -> dict[str, tuple[int, ...]]:
    """Name and shape of every array of a checkpoint; no head for `labels` = 0."""
    hidden, wide = config.hidden, config.intermediate
    shapes: dict[str, tuple[int, ...]] = {
        "roberta.embeddings.word_embeddings.weight": (config.vocabulary, hidden),
        "roberta.embeddings.position_embeddings.weight": (config.positions, hidden),
        "roberta.embeddings.token_type_embeddings.weight": (config.token_types, hidden),
        **_norm("roberta.embeddings.LayerNorm", hidden),
    }
    for number in range(config.layers):
        layer = f"roberta.encoder.layer.{number}."
        for part in ("query", "key", "value"):
            shapes |= _linear(f"{layer}attention.self.{part}", hidden, hidden)
        shapes |= _linear(f"{layer}attention.output.dense", hidden, hidden)
        shapes |= _norm(f"{layer}attention.output.LayerNorm", hidden)
        shapes |= _linear(f"{layer}intermediate.dense", wide, hidden)
        shapes |= _linear(f"{layer}output.dense", hidden, wide)
        shapes |= _norm(f"{layer}output.LayerNorm", hidden)
    if labels:
        shapes |= _linear("classifier.dense", hidden, hidden)
        shapes |= _linear("classifier.out_proj", labels, hidden)
    return shapes


def _linear(name: str, outputs: int, inputs: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)}


def _norm(name: str, size: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (size,), f"{name}.bias": (size,)}


# Reading ------------------------------------------------------------------------------------------------------------


def read_checkpoint(folder: Path) -> Checkpoint:
    """Read an XLM-RoBERTa, RoBERTa or BERT folder.

    Raises `InvalidCheckpoint` if the folder is not one, naming what is missing or different.
    """
    described = read_config(folder)
    config = described.encoder
    arrays = _canonical(_read_arrays(folder), config.family)
    has_head = "classifier.out_proj.weight" in arrays
    labels = described.labels(len(arrays["classifier.out_proj.weight"])) if has_head else []
    if not has_head:
        arrays = {name: array for name, array in arrays.items() if name.startswith("roberta.")}
    _check_shapes(arrays, expected_shapes(config, len(labels)), folder)
    return Checkpoint(config, arrays, labels, described.dragoman_pooling)


def _read_arrays(folder: Path) -> Arrays:
    try:
        if (folder / WEIGHTS_FILE).is_file():
            return load_file(folder / WEIGHTS_FILE)
        if (folder / INDEX_FILE).is_file():
            return _read_shards(folder)
    except (SafetensorError, OSError, ValueError) as error:
        raise InvalidCheckpoint(
            f"The weights in {folder} cannot be read: {error}.", help="Fetch the checkpoint again."
        ) from None
    if (folder / TORCH_FILE).is_file():
        return _read_torch_arrays(folder / TORCH_FILE)
    raise InvalidCheckpoint(
        f"{folder} has no weights: neither {WEIGHTS_FILE} nor {TORCH_FILE}.", help="Fetch the checkpoint again."
    )


def _read_shards(folder: Path) -> Arrays:
    """Read the files that the index names. One of another folder is refused: an index is not to be trusted."""
    index = msgspec.json.decode((folder / INDEX_FILE).read_bytes(), type=Index)
    shards = sorted(set(index.weight_map.values()))
    if outside := [shard for shard in shards if Path(shard).name != shard]:
        raise ValueError(f"{INDEX_FILE} names {outside[0]!r}, which is no file of the folder")
    return {name: array for shard in shards for name, array in load_file(folder / shard).items()}


def _read_torch_arrays(path: Path) -> Arrays:
    try:
        import torch  # optional: only checkpoints in the old format need it
    except ImportError:
        raise MissingExtra.of("train", f"Reading {path.name}") from None
    try:
        tensors = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise InvalidCheckpoint(f"{path} cannot be read: {error}.", help="Fetch the checkpoint again.") from None
    if not isinstance(tensors, dict) or not all(isinstance(tensor, torch.Tensor) for tensor in tensors.values()):
        raise InvalidCheckpoint(f"{path} holds no tensors by name.", help="Fetch the checkpoint again.")
    return {str(name): tensor.detach().float().numpy() for name, tensor in tensors.items()}


def _canonical(arrays: Mapping[str, Array], family: str) -> Arrays:
    """Arrays under the names used inside Dragoman, as float32, without the parts that are not used."""
    renamed: Arrays = {}
    for name, array in arrays.items():
        inside = _canonical_name(name, family)
        if not inside.endswith(IGNORED_SUFFIXES) and not inside.startswith(IGNORED_PREFIXES):
            renamed[inside] = np.ascontiguousarray(array, dtype=np.float32)
    return renamed


def _canonical_name(name: str, family: str) -> str:
    name = name.replace("LayerNorm.gamma", "LayerNorm.weight").replace("LayerNorm.beta", "LayerNorm.bias")
    if family == "bert":
        for outside, inside in (
            ("bert.pooler.dense.", "classifier.dense."),
            ("classifier.", "classifier.out_proj."),
            ("bert.", "roberta."),
        ):
            if name.startswith(outside):
                return inside + name.removeprefix(outside)
        return (
            "classifier.dense." + name.removeprefix("pooler.dense.")
            if name.startswith("pooler.dense.")
            else _bare(name)
        )
    return _bare(name)


def _bare(name: str) -> str:
    """A body saved without its model around it has no prefix."""
    return f"roberta.{name}" if name.startswith(("embeddings.", "encoder.", "pooler.")) else name


def _check_shapes(arrays: Arrays, expected: Mapping[str, tuple[int, ...]], folder: Path) -> None:
    help = "The config and the weights belong to different models; fetch the checkpoint again."
    for name, shape in expected.items():
        if name not in arrays:
            raise InvalidCheckpoint(f"The weights in {folder} have no '{name}'.", help=help)
        if arrays[name].shape != shape:
            raise InvalidCheckpoint(
                f"'{name}' in {folder} has shape {arrays[name].shape}, expected {shape}.", help=help
            )
    if unknown := sorted(set(arrays) - set(expected)):
        raise InvalidCheckpoint(f"The weights in {folder} have an unexpected '{unknown[0]}'.", help=help)


# Writing ------------------------------------------------------------------------------------------------------------


def write_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Write `config.json` and `model.safetensors` so that `transformers` loads the folder.

    A classifier that pools by mean is written as a body for transformers, which knows only `cls` heads; its head is in
    the same file and `dragoman_pooling` says how to use it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {_outside_name(name, checkpoint.config.family): array for name, array in sorted(checkpoint.arrays.items())}
    with full_disk_as_error(folder / WEIGHTS_FILE):
        save_file(arrays, folder / WEIGHTS_FILE, metadata={"format": "pt"})
    (folder / WEIGHTS_FILE).chmod(0o644)  # safetensors writes 0600
    config = json.dumps(_hugging_face_config(checkpoint), indent=2, ensure_ascii=False, sort_keys=True)
    (folder / CONFIG_FILE).write_text(config + "\n", encoding="utf-8")


def _outside_name(name: str, family: str) -> str:
    if family != "bert":
        return name
    for inside, outside in (
        ("classifier.dense.", "bert.pooler.dense."),
        ("classifier.out_proj.", "classifier."),
        ("roberta.", "bert."),
    ):
        if name.startswith(inside):
            return outside + name.removeprefix(inside)
    return name


def _hugging_face_config(checkpoint: Checkpoint) -> dict[str, Any]:
    config = checkpoint.config
    head = "ForSequenceClassification" if checkpoint.labels and checkpoint.pooling == "cls" else "Model"
    raw: dict[str, Any] = {
        "architectures": [ARCHITECTURES[config.family] + head],
        "model_type": config.family,
        "vocab_size": config.vocabulary,
        "hidden_size": config.hidden,
        "num_hidden_layers": config.layers,
        "num_attention_heads": config.heads,
        "intermediate_size": config.intermediate,
        "max_position_embeddings": config.positions,
        "type_vocab_size": config.token_types,
        "pad_token_id": config.pad_token,
        "layer_norm_eps": config.norm_epsilon,
        "hidden_act": config.activation,
        "dragoman_pooling": checkpoint.pooling,
    }
    if config.family != "bert":
        raw |= {"bos_token_id": 0, "eos_token_id": 2}
    if checkpoint.labels:
        raw["id2label"] = {str(index): label for index, label in enumerate(checkpoint.labels)}
        raw["label2id"] = {label: index for index, label in enumerate(checkpoint.labels)}
    return raw
