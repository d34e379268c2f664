"""Frozen records that cross borders between parts, processes and releases.

Every record is a `msgspec.Struct`: it encodes to JSON and back, compares by value, and refuses unknown fields.
Times are ISO 8601 strings in UTC; digests are SHA-256 in lower-case hex.
"""

from __future__ import annotations

from typing import Any

import msgspec

__all__ = [
    "AnswerLabel",
    "BundleFile",
    "DatasetVersion",
    "Example",
    "Interval",
    "LanguageScore",
    "Manifest",
    "ParityReport",
    "Prediction",
    "Report",
    "Run",
    "TextInput",
    "Usage",
    "Version",
]


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all records."""


# Data ---------------------------------------------------------------------------------------------------------------


class Example(Record, frozen=True, kw_only=True):
    """One labelled text of a dataset."""

    id: str
    text: str
    label: str
    language: str
    split: str  # "train", "dev" or "test"


class DatasetVersion(Record, frozen=True, kw_only=True):
    """An immutable version of a dataset: which rows, from which files."""

    name: str
    number: int
    digest: str  # of the rows, independent of their order in the files
    rows: int
    splits: dict[str, int]
    languages: dict[str, int]
    labels: dict[str, int]
    sources: dict[str, str]  # file name → SHA-256
    created: str


# Training -----------------------------------------------------------------------------------------------------------


class Interval(Record, frozen=True, kw_only=True):
    """An estimate with its interval: `low` and `high` bound the true share with probability `level`."""

    value: float
    low: float
    high: float
    n: int
    level: float = 0.95


class LanguageScore(Record, frozen=True, kw_only=True):
    """Accuracy and macro F1 of one language."""

    language: str
    accuracy: Interval
    macro_f1: float


class Report(Record, frozen=True, kw_only=True):
    """Evaluation of a model on one split."""

    split: str
    accuracy: Interval
    macro_f1: float
    calibration_error: float  # expected calibration error, 15 equal-width bins
    languages: list[LanguageScore]  # worst first
    confusions: list[tuple[str, str, int]]  # (true label, predicted label, count), most frequent first

    @property
    def worst_language(self) -> LanguageScore:
        return self.languages[0]


class ParityReport(Record, frozen=True, kw_only=True):
    """How far the exported graph is from the trained model, on the same texts."""

    texts: int
    max_hidden_difference: float
    max_logit_difference: float
    label_agreement: float
    languages: dict[str, float]  # label agreement per language
    tolerance: float


class Run(Record, frozen=True, kw_only=True):
    """One execution of the training pipeline, with everything needed to repeat it."""

    id: str
    model: str
    status: str  # "running", "completed", "failed"
    spec: dict[str, Any]  # the full spec, defaults included
    spec_digest: str
    dataset: str
    dataset_number: int
    dataset_digest: str
    code: dict[str, str]
    environment: dict[str, str]  # version of Python and of every installed package
    hardware: dict[str, str]
    seed: int
    started: str
    finished: str = ""
    seconds: float = 0.0
    bundle: str = ""
    metrics: dict[str, float] = {}
    message: str = ""


# Registry -----------------------------------------------------------------------------------------------------------


class BundleFile(Record, frozen=True, kw_only=True):
    """One file of a bundle."""

    path: str
    digest: str
    size: int


class Manifest(Record, frozen=True, kw_only=True):
    """What a bundle consists of. Written last: its existence means that the bundle is complete."""

    format: int
    model: str
    task: str
    files: list[BundleFile]  # sorted by path


class Version(Record, frozen=True, kw_only=True):
    """A bundle registered under a model."""

    model: str
    number: int
    bundle: str  # digest of the manifest
    run: str
    owner: str
    created: str
    aliases: list[str] = []

    @property
    def uri(self) -> str:
        return f"models:/{self.model}/{self.number}"


# Serving ------------------------------------------------------------------------------------------------------------


class TextInput(Record, frozen=True, kw_only=True):
    """One input of a request: the text, and its language if the caller knows it."""

    text: str
    language: str | None = None


class AnswerLabel(Record, frozen=True, kw_only=True):
    """A label with its score in [0, 1]."""

    label: str
    score: float


class Prediction(Record, frozen=True, kw_only=True):
    """One answer."""

    id: str
    language: str
    script: str
    tokens: int
    windows: int
    truncated: bool
    labels: list[AnswerLabel]  # best first
    abstained: bool = False

    @property
    def label(self) -> str:
        """The best label."""
        return self.labels[0].label


class Usage(Record, frozen=True, kw_only=True):
    """What an answer cost."""

    tokens: int
    queue_ms: float
    inference_ms: float
