"""`config.json` of a checkpoint in Hugging Face format: read and checked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from dragoman.errors import InvalidCheckpoint
from dragoman.models.config import EncoderConfig
from dragoman.models.fusion import Fusion

__all__ = ["ARCHITECTURES", "CONFIG_FILE", "PROBLEM_TYPES", "ConfigFile", "Problem", "read_config"]

Problem = Literal["single", "multi", "regression"]

CONFIG_FILE = "config.json"
ARCHITECTURES = {"xlm-roberta": "XLMRoberta", "roberta": "Roberta", "bert": "Bert"}
PROBLEM_TYPES: dict[Problem, str] = {
    "single": "single_label_classification",
    "multi": "multi_label_classification",
    "regression": "regression",
}
ACTIVATIONS = ("gelu", "gelu_new", "relu")
FETCH_AGAIN = "Fetch the checkpoint again."

Size = Annotated[int, Meta(ge=1, le=2**31 - 1)]


class ConfigFile(msgspec.Struct, frozen=True, kw_only=True):
    """The keys that Dragoman reads, under the names of transformers."""

    model_type: str
    vocab_size: Size
    hidden_size: Size
    num_hidden_layers: Annotated[int, Meta(ge=1, le=1_000)]
    num_attention_heads: Size
    intermediate_size: Size
    max_position_embeddings: Size
    pad_token_id: Annotated[int, Meta(ge=0)]
    layer_norm_eps: Annotated[float, Meta(gt=0, lt=1)]
    type_vocab_size: Size = 1
    hidden_act: str = "gelu"
    architectures: list[str] | None = None
    id2label: dict[str, str | int] | None = None
    problem_type: Literal["single_label_classification", "multi_label_classification", "regression"] | None = None
    dragoman_pooling: Literal["cls", "mean"] | None = None
    dragoman_features: Fusion | None = None

    @property
    def encoder(self) -> EncoderConfig:
        return EncoderConfig(
            family=self.model_type,
            vocabulary=self.vocab_size,
            hidden=self.hidden_size,
            layers=self.num_hidden_layers,
            heads=self.num_attention_heads,
            intermediate=self.intermediate_size,
            positions=self.max_position_embeddings,
            token_types=self.type_vocab_size,
            pad_token=self.pad_token_id,
            norm_epsilon=self.layer_norm_eps,
            activation=self.hidden_act,
        )

    def labels(self, count: int) -> list[str]:
        """The first `count` labels, as transformers names those without a name."""
        names = self.id2label or {}
        return [str(names.get(str(index), f"LABEL_{index}")) for index in range(count)]

    def problem(self, labels: int) -> Problem:
        """What the scores of a classification head with that many labels mean; one label can only be a number."""
        if self.problem_type == "multi_label_classification":
            return "multi"
        return "regression" if labels == 1 or self.problem_type == "regression" else "single"


def read_config(folder: Path) -> ConfigFile:
    """Read the `config.json` of a folder.

    Raises `InvalidCheckpoint` without a readable one, naming the key whose value no encoder of Dragoman can have.
    """
    path = folder / CONFIG_FILE
    raw = _read_object(path)
    _refuse_other_kinds(raw, folder)
    is_bert = raw["model_type"] == "bert"
    defaults = {"pad_token_id": 0 if is_bert else 1, "layer_norm_eps": 1e-12 if is_bert else 1e-5}
    try:
        config = msgspec.convert(defaults | raw, ConfigFile)
    except msgspec.ValidationError as error:
        raise InvalidCheckpoint(_in_plain_words(str(error), path), help=FETCH_AGAIN) from None
    _refuse_contradictions(config, path)
    return config


def _read_object(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise InvalidCheckpoint(
            f"{path.parent} is not a checkpoint: it has no {CONFIG_FILE}.",
            help="Name a folder that `save_pretrained` of transformers wrote, or a bundle.",
        )
    try:
        raw = json.loads(path.read_bytes())
    except ValueError as error:
        raise InvalidCheckpoint(f"{path} is not JSON: {error}.", help=FETCH_AGAIN) from None
    if not isinstance(raw, dict):
        raise InvalidCheckpoint(f"{path} holds no JSON object.", help=FETCH_AGAIN)
    return raw


def _refuse_other_kinds(raw: dict[str, Any], folder: Path) -> None:
    """Refuse other architectures before values are looked at: their configs have other keys."""
    family, positions = raw.get("model_type"), raw.get("position_embedding_type", "absolute")
    if family not in list(ARCHITECTURES):  # a list: `family` may be of any type, hashable or not
        raise InvalidCheckpoint(
            f"{folder} holds a model of type {family!r}.",
            help=f"Dragoman reads those whose model_type is {', '.join(ARCHITECTURES)}.",
        )
    if positions != "absolute":
        raise InvalidCheckpoint(
            f"{folder} uses {positions!r} positions.", help="Dragoman has the position_embedding_type absolute only."
        )
    if (activation := raw.get("hidden_act", "gelu")) not in ACTIVATIONS:
        raise InvalidCheckpoint(
            f"{folder} uses the activation {activation!r}.",
            help=f"Dragoman has the hidden_act {', '.join(ACTIVATIONS)}.",
        )


def _in_plain_words(message: str, path: Path) -> str:
    """`Expected `int`, got `str` - at `$.vocab_size`` → `'vocab_size' in PATH: expected `int`, got `str`.`"""
    what, _, where = message.partition(" - at ")
    if what.startswith("Object missing"):
        return f"{path} has no '{what.split('`')[1]}'."
    return f"'{where.strip('`').removeprefix('$.')}' in {path}: {what[:1].lower()}{what[1:]}."


def _refuse_contradictions(config: ConfigFile, path: Path) -> None:
    encoder = config.encoder
    if encoder.hidden % encoder.heads:
        message = f"'num_attention_heads' {encoder.heads} does not divide 'hidden_size' {encoder.hidden}"
    elif encoder.pad_token >= encoder.vocabulary:
        message = f"'pad_token_id' {encoder.pad_token} is outside 'vocab_size' {encoder.vocabulary}"
    elif encoder.max_tokens < 1:
        message = f"'max_position_embeddings' {encoder.positions} leaves no room for a token"
    else:
        return
    raise InvalidCheckpoint(f"{path}: {message}.", help=FETCH_AGAIN)
