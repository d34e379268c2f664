"""The bundle: the folder that a run produces and a server loads. This module knows its files by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta

from dragoman.errors import InvalidCheckpoint, InvalidSpec, Untrusted, WrongTask
from dragoman.models.checkpoint import WEIGHTS_FILE
from dragoman.models.config_file import CONFIG_FILE, read_config
from dragoman.models.tabular import FEATURES_FILE, TREES_FILE, FeatureSchema, Intervals
from dragoman.models.tabular.graph import MODEL_FILE
from dragoman.profiles import Reference
from dragoman.records import Manifest, ParityReport, PinnedView, Report, TuningReport, ValueReport
from dragoman.registry.manifest import verify_folder
from dragoman.runtime.graph import GRAPH_FILE
from dragoman.spec import ModelSpec, convert_spec
from dragoman.text.lock import verify_lock
from dragoman.text.tokenizer import TOKENIZER_FILE, Tokenizer

__all__ = [
    "CALIBRATION_FILE",
    "CARD_FILE",
    "CONFIG_FILE",
    "ENVIRONMENT_FILE",
    "EVALUATION_FILE",
    "FEATURES_FILE",
    "GRAPH_FILE",
    "INT8_FILE",
    "LANGUAGE_FILE",
    "LINEAGE_FILE",
    "LOCK_FILE",
    "MODEL_FILE",
    "PARITY_FILE",
    "REFERENCE_FILE",
    "SPEC_FILE",
    "TOKENIZER_CONFIG_FILE",
    "TOKENIZER_FILE",
    "TREES_FILE",
    "TUNING_FILE",
    "WEIGHTS_FILE",
    "Bundle",
    "Calibration",
    "Lineage",
    "TextParts",
    "open_bundle",
    "to_json_bytes",
]

LOCK_FILE = "tokenizer_lock.json"
TOKENIZER_CONFIG_FILE = "tokenizer_config.json"
LANGUAGE_FILE = "language.safetensors"
CALIBRATION_FILE = "calibration.json"
SPEC_FILE = "spec.json"
LINEAGE_FILE = "lineage.json"
EVALUATION_FILE = "evaluation.json"
PARITY_FILE = "parity.json"
ENVIRONMENT_FILE = "environment.json"
CARD_FILE = "card.md"
TUNING_FILE = "tuning.json"
REFERENCE_FILE = "reference.msgpack"
INT8_FILE = "encoder.int8.safetensors"
TRAIN_AGAIN = "Train the model again."


class Lineage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a bundle comes from."""

    run: str
    dataset: str
    dataset_number: int
    dataset_digest: str
    sources: dict[str, str]  # data file → SHA-256
    base: str
    views: list[PinnedView] = []  # whose features the model reads


class Calibration(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How what a model says becomes scores, or intervals around numbers."""

    temperature: Annotated[float, Meta(gt=0)] = 1.0
    intervals: Intervals | None = None


class TextParts(NamedTuple):
    """How a model reads texts."""

    tokenizer: Tokenizer
    first_position: int


class Bundle(NamedTuple):
    """A verified bundle, its small files read. It has the parts of what its model reads: texts, columns, or both."""

    folder: Path
    manifest: Manifest
    spec: ModelSpec
    labels: list[str]
    calibration: Calibration
    lineage: Lineage
    evaluation: Report | ValueReport
    parity: ParityReport
    text: TextParts | None
    features: FeatureSchema | None
    tuning: TuningReport | None  # of a bundle that `dragoman tune` made
    reference: Reference | None = None  # bundles of older releases have none

    @property
    def temperature(self) -> float:
        return self.calibration.temperature

    @property
    def tokenizer(self) -> Tokenizer:
        """Raises `WrongTask` for a model that reads no texts."""
        return self.require_text().tokenizer

    @property
    def first_position(self) -> int:
        """Raises `WrongTask` for a model that reads no texts."""
        return self.require_text().first_position

    def require_text(self) -> TextParts:
        """How it reads texts. Raises `WrongTask` for a model that reads none."""
        if self.text is None:
            raise WrongTask(
                f"'{self.spec.name}' is a model for {self.spec.task}: it reads no texts.",
                help="Name a model that reads texts.",
            )
        return self.text


def open_bundle(folder: Path, *, manifest: Manifest | None = None) -> Bundle:
    """Verify a bundle and read it. Who has compared the folder already gives the manifest: files are read once.

    Raises `Untrusted` if a byte of it was changed, or if its tokenizer no longer gives its golden ids.
    """
    manifest = manifest or verify_folder(folder)
    try:
        spec = convert_spec(json.loads((folder / SPEC_FILE).read_bytes()), source=str(folder / SPEC_FILE))
        return Bundle(
            folder=folder,
            manifest=manifest,
            spec=spec,
            labels=list(spec.data.labels),
            calibration=msgspec.json.decode((folder / CALIBRATION_FILE).read_bytes(), type=Calibration),
            lineage=msgspec.json.decode((folder / LINEAGE_FILE).read_bytes(), type=Lineage),
            evaluation=_read_evaluation((folder / EVALUATION_FILE).read_bytes(), spec),
            parity=msgspec.json.decode((folder / PARITY_FILE).read_bytes(), type=ParityReport),
            text=_read_text(folder, spec) if spec.reads_text else None,
            features=FeatureSchema.from_bytes((folder / FEATURES_FILE).read_bytes()) if spec.features else None,
            tuning=_read_tuning(folder / TUNING_FILE),
            reference=_read_reference(folder / REFERENCE_FILE),
        )
    except (InvalidSpec, InvalidCheckpoint) as error:
        raise Untrusted(f"The bundle in {folder} has a wrong part: {error.message}", help=TRAIN_AGAIN) from None
    except (OSError, ValueError) as error:
        raise Untrusted(f"The bundle in {folder} lacks a part: {error}.", help=TRAIN_AGAIN) from None


def _read_evaluation(content: bytes, spec: ModelSpec) -> Report | ValueReport:
    """The evaluation of a model of labels, or of numbers. Raises `ValueError` for another."""
    if spec.has_labels:
        return msgspec.json.decode(content, type=Report)
    return msgspec.json.decode(content, type=ValueReport)


def _read_text(folder: Path, spec: ModelSpec) -> TextParts:
    config = read_config(folder).encoder
    tokenizer = Tokenizer.read(folder, max_tokens=spec.base.max_tokens, vocabulary=config.vocabulary)
    verify_lock(tokenizer, (folder / LOCK_FILE).read_bytes())
    return TextParts(tokenizer, config.first_position)


def _read_tuning(path: Path) -> TuningReport | None:
    return msgspec.json.decode(path.read_bytes(), type=TuningReport) if path.exists() else None


def _read_reference(path: Path) -> Reference | None:
    return Reference.from_bytes(path.read_bytes()) if path.exists() else None


def to_json_bytes(value: Any) -> bytes:
    """JSON for people and for digests: sorted keys, two spaces, a newline at the end."""
    plain = msgspec.to_builtins(value, order="sorted")
    return msgspec.json.format(msgspec.json.encode(plain), indent=2) + b"\n"
