"""Checkpoints: read from Hugging Face and sentence-transformers folders, checked, and written as such.

Inside, arrays have the names that `models/names.py` lists.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from dragoman.errors import InvalidCheckpoint
from dragoman.models.config import EncoderConfig
from dragoman.models.config_file import ARCHITECTURES, CONFIG_FILE, PROBLEM_TYPES, ConfigFile, Problem, read_config
from dragoman.models.fusion import Fusion
from dragoman.models.names import (
    ARCHITECTURE_ENDINGS,
    DECODER,
    DECODER_BIAS,
    WORD_TABLE,
    Head,
    canonical_name,
    expected_shapes,
    file_name,
    head_in,
    head_of,
    is_unused,
)
from dragoman.models.sentence_transformers import EmbeddingSettings, SentenceFolder, read_sentence_folder, write_modules
from dragoman.models.stored import (
    INDEX_FILE,
    TORCH_FILE,
    WEIGHTS_FILE,
    StoredArray,
    StoredArrays,
    find_arrays,
    write_arrays,
)

__all__ = [
    "CONFIG_FILE",
    "INDEX_FILE",
    "TORCH_FILE",
    "WEIGHTS_FILE",
    "Checkpoint",
    "expected_shapes",
    "open_arrays",
    "open_checkpoint",
    "read_checkpoint",
    "write_checkpoint",
]

OTHER_MODELS = "The config and the weights belong to different models; fetch the checkpoint again."

Array = NDArray[Any]


class Checkpoint(NamedTuple):
    """An encoder, with the head of a task or without one."""

    config: EncoderConfig
    arrays: Mapping[str, Array]  # float32; in memory, or read at each look-up
    labels: list[str]  # of a classification or token head; empty: another head, or none
    pooling: str  # "cls" or "mean"
    problem: Problem = "single"  # what the scores of a classification head mean
    embedding: EmbeddingSettings | None = None  # of a sentence-transformers folder
    fusion: Fusion | None = None  # of a text classifier that reads features, too

    @property
    def head(self) -> Head:
        """The head, as its arrays tell."""
        return head_in(self.arrays)


# Reading ------------------------------------------------------------------------------------------------------------


def read_checkpoint(folder: Path) -> Checkpoint:
    """Read an XLM-RoBERTa, RoBERTa or BERT folder, or a sentence-transformers folder around one, into memory.

    The head is the one that `architectures` of the config names, or else the one whose arrays are there; parts of other
    heads are left out. A sentence-transformers folder of embeddings has none.

    Raises `InvalidCheckpoint` if the folder is not one, naming what is missing or different.
    """
    checkpoint = open_checkpoint(folder)
    return checkpoint._replace(arrays=dict(checkpoint.arrays))


def open_arrays(folder: Path) -> StoredArrays:
    """The arrays that `read_checkpoint` reads, for those who take them one at a time: nothing is held in memory.

    Names and shapes are checked now, numbers are read at each look-up; a file of torch is read at once.
    """
    return _open(folder)[1]


def open_checkpoint(folder: Path) -> Checkpoint:
    """What `read_checkpoint` reads, with the arrays of `open_arrays`."""
    (sentence, described), arrays = _open(folder)
    head = head_in(arrays)
    labels = described.labels(_label_count(arrays.shapes, head)) if head in ("classification", "tokens") else []
    return Checkpoint(
        config=described.encoder,
        arrays=arrays,
        labels=labels,
        pooling=sentence.pooling or described.dragoman_pooling or ("cls" if head == "classification" else "mean"),
        problem=described.problem(len(labels)) if head == "classification" else "single",
        embedding=sentence.settings,
        fusion=described.dragoman_features if head == "classification" else None,
    )


def _open(folder: Path) -> tuple[tuple[SentenceFolder, ConfigFile], StoredArrays]:
    sentence = read_sentence_folder(folder)
    described = read_config(sentence.transformer)
    found, family = find_arrays(sentence.transformer), described.model_type
    head: Head = "none"
    if sentence.settings is None:
        head = head_of(found, family=family, architectures=described.architectures or ())
    used = _used(found, family, head)
    shapes = {name: array.shape for name, array in used.items()}
    fusion = described.dragoman_features if head == "classification" else None
    expected = expected_shapes(described.encoder, _label_count(shapes, head), head=head, fusion=fusion)
    if DECODER in used:
        expected[DECODER] = expected[WORD_TABLE]
    _check_shapes(shapes, expected, folder)
    _check_dense(sentence.dense, described.hidden_size, folder)
    return (sentence, described), StoredArrays({**_without_tied_decoder(used), **sentence.dense}, folder)


def _used(found: Mapping[str, StoredArray], family: str, head: Head) -> dict[str, StoredArray]:
    """The arrays of the body and of its head, under the names used inside Dragoman."""
    named = {canonical_name(name, family=family, head=head): array for name, array in found.items()}
    used = {name: array for name, array in named.items() if not is_unused(name, head)}
    if DECODER_BIAS in used:  # where both biases are stored, this is the one that is added
        used["lm_head.bias"] = used.pop(DECODER_BIAS)
    return used


def _label_count(shapes: Mapping[str, tuple[int, ...]], head: Head) -> int:
    shape = shapes.get("classifier.out_proj.weight" if head == "classification" else "classifier.weight", ())
    return shape[0] if shape else 0


def _without_tied_decoder(used: dict[str, StoredArray]) -> dict[str, StoredArray]:
    """A decoder that repeats the word table is not kept, as in `transformers`."""
    if DECODER in used and np.array_equal(used[DECODER].read(), used[WORD_TABLE].read()):
        return {name: array for name, array in used.items() if name != DECODER}
    return used


def _check_shapes(shapes: Mapping[str, tuple[int, ...]], expected: Mapping[str, tuple[int, ...]], folder: Path) -> None:
    for name, shape in expected.items():
        if name not in shapes:
            raise InvalidCheckpoint(f"The weights in {folder} have no '{name}'.", help=OTHER_MODELS)
        if shapes[name] != shape:
            raise InvalidCheckpoint(
                f"'{name}' in {folder} has shape {shapes[name]}, expected {shape}.", help=OTHER_MODELS
            )
    if unknown := sorted(set(shapes) - set(expected)):
        raise InvalidCheckpoint(f"The weights in {folder} have an unexpected '{unknown[0]}'.", help=OTHER_MODELS)


def _check_dense(dense: Mapping[str, StoredArray], hidden: int, folder: Path) -> None:
    """Check that each dense layer takes what the one before gives; the first takes a pooled vector."""
    given = hidden
    for name, array in dense.items():
        if name.endswith(".weight"):
            if array.shape[1] != given:
                raise InvalidCheckpoint(
                    f"'{name}' in {folder} takes {array.shape[1]} numbers, and gets {given}.", help=OTHER_MODELS
                )
            given = array.shape[0]


# Writing ------------------------------------------------------------------------------------------------------------


def write_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Write `config.json` and `model.safetensors` so that `transformers` loads the folder.

    A classifier that pools by mean or reads features is written as a body for transformers, which knows only `cls`
    heads of texts; its head is in the same file, and `dragoman_pooling` and `dragoman_features` say how to use it. With
    `embedding`, sentence-transformers loads it too.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_arrays(folder / WEIGHTS_FILE, _arrays_of_file(checkpoint))
    config = json.dumps(_hugging_face_config(checkpoint), indent=2, ensure_ascii=False, sort_keys=True)
    (folder / CONFIG_FILE).write_text(config + "\n", encoding="utf-8")
    if checkpoint.embedding is not None:
        write_modules(folder, checkpoint.embedding, checkpoint.arrays, pooling=checkpoint.pooling)


def _arrays_of_file(checkpoint: Checkpoint) -> dict[str, Array]:
    """The arrays of the transformer, under the names of its family."""
    arrays = {name: array for name, array in sorted(checkpoint.arrays.items()) if not name.startswith("dense.")}
    if DECODER in arrays:  # then transformers adds the decoder's bias, not the head's
        arrays[DECODER_BIAS] = arrays["lm_head.bias"]
    head, family = checkpoint.head, checkpoint.config.family
    return {file_name(name, family=family, head=head): array for name, array in arrays.items()}


def _hugging_face_config(checkpoint: Checkpoint) -> dict[str, Any]:
    config = checkpoint.config
    raw: dict[str, Any] = {
        "architectures": [ARCHITECTURES[config.family] + _architecture_ending(checkpoint)],
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
    if checkpoint.problem != "single":
        raw["problem_type"] = PROBLEM_TYPES[checkpoint.problem]
    if DECODER in checkpoint.arrays:
        raw["tie_word_embeddings"] = False
    if checkpoint.fusion is not None:
        raw["dragoman_features"] = msgspec.to_builtins(checkpoint.fusion)
    return raw


def _architecture_ending(checkpoint: Checkpoint) -> str:
    """That of the head, unless `transformers` would compute another answer with it."""
    has_more = checkpoint.pooling == "mean" or checkpoint.fusion is not None
    is_other = checkpoint.head == "classification" and has_more
    return "Model" if is_other else ARCHITECTURE_ENDINGS.get(checkpoint.head, "Model")
