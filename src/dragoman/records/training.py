"""Runs, and what they measured."""

from __future__ import annotations

from typing import Any

from dragoman.records.base import Record

__all__ = ["Interval", "LanguageScore", "ParityReport", "Report", "Run"]


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
