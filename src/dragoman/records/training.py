"""Runs, and what they measured."""

from __future__ import annotations

from typing import Any

from dragoman.records.base import Record
from dragoman.records.loop import Spent

__all__ = [
    "Ablation",
    "ColumnWeight",
    "GroupError",
    "Interval",
    "LanguageScore",
    "ParityReport",
    "Report",
    "Run",
    "ValueReport",
]


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


class ColumnWeight(Record, frozen=True, kw_only=True):
    """How much of what a model learned from columns is due to one of them; all weights add up to 1."""

    name: str
    weight: float


class Ablation(Record, frozen=True, kw_only=True):
    """How a model answers where something that it reads is missing: a view, or "features" for all columns."""

    without: str
    accuracy: Interval
    log_loss: float
    roc_auc: Interval | None = None  # of two labels


class Report(Record, frozen=True, kw_only=True):
    """Evaluation of a model on one split."""

    split: str
    accuracy: Interval
    macro_f1: float
    calibration_error: float  # expected calibration error, 15 equal-width bins
    languages: list[LanguageScore]  # worst first
    confusions: list[tuple[str, str, int]]  # (true label, predicted label, count), most frequent first
    roc_auc: Interval | None = None  # of two labels
    log_loss: float | None = None
    columns: list[ColumnWeight] = []  # what counts most first, where the model reads columns
    ablations: list[Ablation] = []  # of a model that reads columns beside the text

    @property
    def worst_language(self) -> LanguageScore:
        return self.languages[0]


class GroupError(Record, frozen=True, kw_only=True):
    """Errors of a part of the rows: a language, a series, or a step of a forecast."""

    name: str
    n: int
    mae: float
    naive_mae: float
    coverage: float


class ValueReport(Record, frozen=True, kw_only=True):
    """Evaluation of a model of numbers on one split. Errors are in the unit of the target."""

    split: str
    mae: Interval
    rmse: float
    r2: float
    wape: float  # sum of absolute errors over the sum of absolute true values
    naive_mae: float  # of the median of the training rows; of a forecast, of the value one season before
    skill: float  # 1 - mae / naive_mae
    coverage: Interval  # share of true values inside the intervals
    width: float  # mean width of the intervals
    target_coverage: float
    groups: dict[str, list[GroupError]] = {}  # "language", "series", "step" → worst first; steps in their order
    columns: list[ColumnWeight] = []  # what counts most first


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
    spent: Spent | None = None  # what it took, with attempts of it that were killed; None: it runs, or is an old record
    earlier: list[tuple[str, Spent]] = []  # executions that this one has replaced: when they began, what they took
