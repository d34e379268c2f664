"""The spec: one TOML file declares a model's life.

`read_spec` turns `models/NAME.toml` into a frozen `ModelSpec`. An unknown key is refused with the nearest right one, a
mistyped value with its place, and every field is documented here once: `spec schema` and `docs/spec.md` are made from
these annotations.
"""

from __future__ import annotations

import difflib
import tomllib
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from dragoman.errors import InvalidSpec, NotFound

__all__ = [
    "BaseSpec",
    "DataSpec",
    "GatesSpec",
    "ModelSpec",
    "ServingSpec",
    "TrainingSpec",
    "field_rows",
    "parse_spec",
    "read_spec",
    "spec_schema",
    "spec_to_dict",
]

# `$` alone also matches before a newline at the end; JSON Schema knows no `\Z`.
NAME_PATTERN = r"^[a-z0-9][a-z0-9_-]{0,63}$(?!\n)"
LANGUAGE_PATTERN = r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$(?!\n)"

Name = Annotated[str, Meta(pattern=NAME_PATTERN)]
Language = Annotated[str, Meta(pattern=LANGUAGE_PATTERN)]


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the tables of a spec."""


class BaseSpec(Section, frozen=True, kw_only=True):
    """Where the encoder starts from."""

    checkpoint: Annotated[
        str,
        Meta(
            description="`scratch:mini` or `scratch:small` for a new encoder, or a Hugging Face folder of the "
            "XLM-RoBERTa, RoBERTa or BERT family, relative to the workspace."
        ),
    ] = "scratch:mini"
    vocabulary: Annotated[
        int, Meta(ge=500, le=500_000, description="Pieces of the tokenizer that a scratch model trains.")
    ] = 12_000
    max_tokens: Annotated[int, Meta(ge=8, le=8_192, description="Longest text in tokens, special tokens included.")] = (
        128
    )
    pooling: Annotated[
        Literal["mean", "cls"],
        Meta(description="How a text's tokens become one vector. Hugging Face classifiers expect `cls`."),
    ] = "mean"


class DataSpec(Section, frozen=True, kw_only=True):
    """What the model learns from."""

    files: Annotated[
        list[Annotated[str, Meta(min_length=1)]],
        Meta(min_length=1, description="JSONL files, or glob patterns, relative to the workspace."),
    ]
    labels: Annotated[
        list[Annotated[str, Meta(min_length=1)]],
        Meta(min_length=2, description="The label set, in the order of the head."),
    ]
    dataset: Annotated[Name | None, Meta(description="Name of the dataset. Default: the model's name.")] = None


class TrainingSpec(Section, frozen=True, kw_only=True):
    """How the model learns. Everything that changes the result is here, and is saved in the bundle."""

    seed: Annotated[int, Meta(ge=0, le=2**31 - 1, description="Seed of every random choice.")] = 0
    epochs: Annotated[int, Meta(ge=1, le=1_000, description="Passes over the training split.")] = 30
    batch_tokens: Annotated[
        int, Meta(ge=64, le=1_000_000, description="Tokens per packed batch; no padding is counted.")
    ] = 2_048
    learning_rate: Annotated[float, Meta(gt=0, le=1, description="Peak learning rate (AdamW).")] = 1e-3
    warmup: Annotated[float, Meta(ge=0, le=0.5, description="Share of the steps in which the learning rate rises.")] = (
        0.1
    )
    weight_decay: Annotated[float, Meta(ge=0, le=10, description="AdamW weight decay of matrices.")] = 0.05
    dropout: Annotated[float, Meta(ge=0, lt=1, description="Dropout inside the encoder and before the head.")] = 0.1
    token_dropout: Annotated[
        float, Meta(ge=0, lt=1, description="Share of the tokens replaced by the mask token while training.")
    ] = 0.1
    accent_dropout: Annotated[
        float, Meta(ge=0, lt=1, description="Share of the texts that are read without their accents while training.")
    ] = 0.1
    subword_alpha: Annotated[
        float,
        Meta(
            ge=0,
            le=100,
            description="Sharpness with which a scratch tokenizer draws other segmentations of a text while training: "
            "higher values stay closer to the best one; 0 turns drawing off.",
        ),
    ] = 0.2
    label_smoothing: Annotated[float, Meta(ge=0, lt=1, description="Label smoothing of the cross entropy.")] = 0.1
    language_temperature: Annotated[
        float,
        Meta(
            gt=0,
            le=1,
            description="Languages are drawn with probability proportional to (rows of the language) ** temperature: "
            "1 keeps the shares of the data, lower values favour rare languages.",
        ),
    ] = 1.0
    precision: Annotated[Literal["fp32", "bf16"], Meta(description="Arithmetic of matrix products while training.")] = (
        "fp32"
    )
    threads: Annotated[
        int, Meta(ge=1, le=256, description="CPU threads. Part of the spec, because sums depend on it.")
    ] = 2
    checkpoint_seconds: Annotated[
        float, Meta(ge=0, description="Least time between two checkpoints of a running training.")
    ] = 20.0


class GatesSpec(Section, frozen=True, kw_only=True):
    """What a version must reach on the test split to become the champion."""

    accuracy: Annotated[float, Meta(ge=0, le=1, description="Least accuracy over all languages.")] = 0.0
    worst_language_accuracy: Annotated[float, Meta(ge=0, le=1, description="Least accuracy in every language.")] = 0.0
    agreement: Annotated[
        float,
        Meta(
            ge=0,
            le=1,
            description="Least share of evaluation texts on which a faster form of the model (`dragoman tune`) gives "
            "the label of the fp32 form.",
        ),
    ] = 0.995
    worst_language_agreement: Annotated[float, Meta(ge=0, le=1, description="The same, in every language.")] = 0.98


class ServingSpec(Section, frozen=True, kw_only=True):
    """How the model answers. A change here needs no training."""

    max_batch_tokens: Annotated[int, Meta(ge=16, description="Tokens that one forward pass may hold.")] = 4_096
    max_queue_tokens: Annotated[int, Meta(ge=16, description="Tokens that may wait; more is answered with 429.")] = (
        262_144
    )
    max_inputs: Annotated[int, Meta(ge=1, description="Texts in one request; more is answered with 413.")] = 1_024
    max_text_characters: Annotated[
        int, Meta(ge=1, description="Characters of one text; more is answered with 413.")
    ] = 100_000
    too_long: Annotated[
        Literal["truncate", "refuse", "windows"],
        Meta(
            description="What happens to a text of more than `max_tokens`: cut, and said so, answered with 413, or "
            "read in overlapping windows whose answers become one."
        ),
    ] = "truncate"
    stride: Annotated[
        int, Meta(ge=0, description="Tokens that two neighbouring windows share; at most half a window is used.")
    ] = 32
    abstain_below: Annotated[
        float, Meta(ge=0, le=1, description="An answer whose best score is lower says `abstained`.")
    ] = 0.0
    threads: Annotated[int, Meta(ge=0, le=256, description="Threads of the runtime; 0 means all cores.")] = 0
    precision: Annotated[
        Literal["auto", "fp32", "int8", "bf16", "fp16"],
        Meta(
            description="Arithmetic of the encoder. `auto`: what `dragoman tune` chose for this version; without that "
            "fp32 on a CPU and bf16 on a GPU. int8 is for CPUs, bf16 and fp16 for GPUs."
        ),
    ] = "auto"
    device: Annotated[
        Literal["cpu", "cuda"], Meta(description="Where the encoder runs; `cuda` needs the extra `train`.")
    ] = "cpu"
    cache_bytes: Annotated[int, Meta(ge=0, description="Memory for the results of recent texts; 0 keeps none.")] = (
        67_108_864
    )


class ModelSpec(Section, frozen=True, kw_only=True):
    """The life of one model."""

    name: Annotated[Name, Meta(description="Name of the model: lower case, digits, `-` and `_`.")]
    owner: Annotated[str, Meta(min_length=1, description="Who answers for the model. Required.")]
    languages: Annotated[
        list[Language], Meta(min_length=1, description="BCP 47 codes of the languages that the model serves.")
    ]
    data: Annotated[DataSpec, Meta(description="What the model learns from.")]
    task: Annotated[Literal["text-classification"], Meta(description="What the model does.")] = "text-classification"
    description: Annotated[str, Meta(description="One or two sentences for the model card.")] = ""
    base: Annotated[BaseSpec, Meta(description="Where the encoder starts from.")] = BaseSpec()
    training: Annotated[TrainingSpec, Meta(description="How the model learns.")] = TrainingSpec()
    gates: Annotated[GatesSpec, Meta(description="What a version must reach to become the champion.")] = GatesSpec()
    serving: Annotated[ServingSpec, Meta(description="How the model answers.")] = ServingSpec()

    @property
    def dataset_name(self) -> str:
        return self.data.dataset or self.name


def read_spec(path: Path) -> ModelSpec:
    """Read a model's spec from a TOML file.

    Raises `NotFound` for a missing file and `InvalidSpec` for everything wrong in it.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise NotFound(
            f"There is no spec at {path}.", help="`dragoman init FOLDER` writes one to start from."
        ) from None
    except UnicodeDecodeError as error:
        raise InvalidSpec(f"{path} is not UTF-8: byte {error.start}.", help="Save the file as UTF-8.") from None
    except OSError as error:
        raise InvalidSpec(f"{path} cannot be read: {error.strerror}.", help="Name a TOML file.") from None
    return parse_spec(text, source=str(path))


def parse_spec(text: str, *, source: str = "spec") -> ModelSpec:
    """Turn TOML text into a `ModelSpec`; `source` names it in errors."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidSpec(f"{source} is not TOML: {error}.", help="https://toml.io shows the syntax.") from None
    return convert_spec(raw, source=source)


def convert_spec(raw: Any, *, source: str = "spec") -> ModelSpec:
    """Turn plain data, such as parsed TOML or a bundle's `spec.json`, into a `ModelSpec`."""
    if not isinstance(raw, dict):
        raise InvalidSpec(f"{source} holds no table.", help="docs/spec.md lists every key with its type and default.")
    _refuse_unknown(raw, ModelSpec, source)
    try:
        spec = msgspec.convert(raw, ModelSpec)
    except msgspec.ValidationError as error:
        raise InvalidSpec(f"{source}: {_in_toml_words(str(error))}.", help=_help_for(str(error))) from None
    _refuse_contradictions(spec, source)
    return spec


def spec_to_dict(spec: ModelSpec) -> dict[str, Any]:
    """The spec as plain data, defaults included."""
    return typing.cast(dict[str, Any], msgspec.to_builtins(spec))


def spec_schema() -> dict[str, Any]:
    """JSON Schema of the spec, for editors."""
    schema = msgspec.json.schema(ModelSpec)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Dragoman model spec", **schema}


class FieldRow(typing.NamedTuple):
    """One field of the spec, for the reference page."""

    key: str
    type: str
    default: str
    help: str


def field_rows(kind: type[msgspec.Struct] = ModelSpec, prefix: str = "") -> Iterator[FieldRow]:
    """Every field of the spec in file order, tables after plain keys."""
    plain, tables = [], []
    for field in msgspec.structs.fields(kind):
        annotated = typing.get_type_hints(kind, include_extras=True)[field.name]
        meta = next(m for m in annotated.__metadata__ if isinstance(m, Meta) and m.description)
        inner = typing.get_args(annotated)[0]
        if isinstance(inner, type) and issubclass(inner, Section):
            tables.append((f"{prefix}{field.name}.", inner))
        else:
            default = "required" if field.required else msgspec.json.encode(field.default).decode()
            plain.append(FieldRow(prefix + field.name, _type_name(annotated), default, meta.description or ""))
    yield from plain
    for table_prefix, inner in tables:
        yield from field_rows(inner, table_prefix)


def _type_name(annotated: Any) -> str:
    inner = typing.get_args(annotated)[0] if typing.get_origin(annotated) is Annotated else annotated
    if typing.get_origin(inner) is Annotated:
        return _type_name(inner)
    if typing.get_origin(inner) is Literal:
        return " or ".join(f'"{choice}"' for choice in typing.get_args(inner))
    if typing.get_origin(inner) is list:
        return f"list of {_type_name(typing.get_args(inner)[0])}"
    if typing.get_args(inner):
        return " or ".join(_type_name(part) for part in typing.get_args(inner) if part is not type(None))
    names = {str: "string", int: "integer", float: "number", bool: "boolean"}
    return names.get(inner, getattr(inner, "__name__", str(inner)))


def _refuse_unknown(raw: dict[str, Any], kind: type[msgspec.Struct], source: str, prefix: str = "") -> None:
    """Refuse unknown keys before types are looked at: a typing error is the likelier mistake."""
    hints = typing.get_type_hints(kind)
    for key, value in raw.items():
        if key not in hints:
            raise InvalidSpec(f"{source}: unknown key '{prefix}{key}'.", help=_nearest(key, kind, prefix))
        if isinstance(value, dict) and isinstance(hints[key], type) and issubclass(hints[key], Section):
            _refuse_unknown(value, hints[key], source, f"{prefix}{key}.")


def _nearest(key: str, kind: type[msgspec.Struct], prefix: str) -> str:
    here = {field.name: [prefix + field.name] for field in msgspec.structs.fields(kind)}
    everywhere: dict[str, list[str]] = {}
    for row in field_rows():
        everywhere.setdefault(row.key.rpartition(".")[2], []).append(row.key)
    if key in everywhere:
        return _did_you_mean(everywhere[key])
    for names, cutoff in ((here, 0.6), (everywhere, 0.8)):
        if near := difflib.get_close_matches(key, names, n=1, cutoff=cutoff):
            return _did_you_mean(names[near[0]])
    return f"valid keys are {', '.join(prefix + name for name in here)}."


def _did_you_mean(keys: list[str]) -> str:
    quoted = " or ".join(f"'{key}'" for key in keys)
    return f"did you mean {quoted}?"


def _in_toml_words(message: str) -> str:
    """`Expected `int`, got `str` - at `$.training.seed`` → `'training.seed': expected `int`, got `str``."""
    what, _, where = message.partition(" - at ")
    what = what.replace("Object missing required field", "the table lacks the required key", 1)
    what = what[:1].lower() + what[1:]
    place = where.strip("`").removeprefix("$").removeprefix(".")
    return f"'{place}': {what}" if place else what


def _help_for(message: str) -> str:
    if "missing required field `owner`" in message:
        return 'add owner = "team@example.com": every model needs somebody who answers for it.'
    if "missing required field" in message:
        return "add the key; `dragoman spec schema` and docs/spec.md list all of them."
    return "docs/spec.md lists every key with its type and default."


def _refuse_contradictions(spec: ModelSpec, source: str) -> None:
    for key, values in (("languages", spec.languages), ("data.labels", spec.data.labels)):
        if twice := sorted({value for value in values if values.count(value) > 1}):
            raise InvalidSpec(f"{source}: '{key}' names {twice[0]!r} twice.", help="Remove one of the two.")
    checkpoint = spec.base.checkpoint
    if checkpoint.startswith("scratch:") and checkpoint not in SCRATCH_PRESETS:
        raise InvalidSpec(
            f"{source}: 'base.checkpoint' is {checkpoint!r}.",
            help=f"valid presets are {', '.join(SCRATCH_PRESETS)}; or name a Hugging Face folder.",
        )


SCRATCH_PRESETS = ("scratch:mini", "scratch:small")
