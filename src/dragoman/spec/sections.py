"""The tables of a spec. Every field is documented here once: the schema and docs/spec.md are made from it."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

import msgspec
from msgspec import Meta

from dragoman.spec.base import DatasetName, Language, Name, Section
from dragoman.spec.budget import BudgetSpec
from dragoman.spec.features import FeaturesSpec, ForecastSpec, TreesSpec
from dragoman.spec.feedback import FeedbackSpec, ReviewSpec
from dragoman.spec.kpis import KpiSpec
from dragoman.spec.monitoring import AlertsSpec, DriftSpec, SloSpec
from dragoman.spec.releases import ReleaseSpec
from dragoman.spec.retraining import RetrainingSpec

__all__ = [
    "TASKS",
    "BaseSpec",
    "DataSpec",
    "GatesSpec",
    "LogSpec",
    "ModelSpec",
    "ServingSpec",
    "TaskName",
    "TrainingSpec",
]

TaskName = Literal["text-classification", "tabular-classification", "tabular-regression", "forecasting"]
NO_LANGUAGE = "und"  # BCP 47: undetermined
TASKS: tuple[TaskName, ...] = get_args(TaskName)


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
        Meta(
            description="JSONL files, or glob patterns, relative to the workspace. Left out: a version that "
            "`dragoman data ingest` made; then `data.dataset` names it."
        ),
    ] = msgspec.field(default_factory=list)
    labels: Annotated[
        list[Annotated[str, Meta(min_length=1)]],
        Meta(description="The label set, in the order of the head. Classification requires two or more."),
    ] = msgspec.field(default_factory=list)
    target: Annotated[
        Annotated[str, Meta(min_length=1)] | None,
        Meta(
            description="Column of the truth. Default: `label`; models of numbers, and those that read columns of "
            "their own, must name it if it is another.",
        ),
    ] = None
    time: Annotated[
        Annotated[str, Meta(min_length=1)] | None,
        Meta(
            description="Column of the time at which a row was to be answered: feature views are joined as they were "
            "known then, and without a column `split` the newest rows become the test split.",
        ),
    ] = None
    dataset: Annotated[
        DatasetName | None,
        Meta(
            description="Name of the dataset. Default: the model's name. Without `data.files` it is required, and may "
            "name a version: `support/3`; else the newest is taken."
        ),
    ] = None


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
    roc_auc: Annotated[
        float,
        Meta(ge=0, le=1, description="Least area under the ROC curve of a classifier of table rows; over two labels."),
    ] = 0.0
    skill: Annotated[
        Annotated[float, Meta(lt=1)] | None,
        Meta(
            description="Of models of numbers: least share of the naive answer's mean absolute error that is avoided. "
            "The naive answer is the median of the training rows, and for forecasts the value one season before.",
        ),
    ] = None
    coverage: Annotated[
        float, Meta(ge=0, le=1, description="Of models of numbers: least share of true values inside the intervals.")
    ] = 0.0


class ServingSpec(Section, frozen=True, kw_only=True):
    """How the model answers. A change here needs no training."""

    max_batch_tokens: Annotated[int, Meta(ge=16, description="Tokens that one forward pass may hold.")] = 4_096
    max_queue_tokens: Annotated[int, Meta(ge=16, description="Tokens that may wait; more is answered with 429.")] = (
        262_144
    )
    max_inputs: Annotated[int, Meta(ge=1, description="Texts in one request; more is answered with 413.")] = 2_048
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
            description="Arithmetic of the encoder. `auto`: what `dragoman tune` chose for this version and kind of "
            "device; without that fp32 on a CPU and bf16 on a GPU. int8 is for CPUs, bf16 and fp16 for GPUs."
        ),
    ] = "auto"
    device: Annotated[
        Literal["cpu", "cuda"], Meta(description="Where the encoder runs; `cuda` needs the extra `train`.")
    ] = "cpu"
    cache_bytes: Annotated[int, Meta(ge=0, description="Memory for the results of recent texts; 0 keeps none.")] = (
        67_108_864
    )


class LogSpec(Section, frozen=True, kw_only=True):
    """What is kept of every answer."""

    enabled: Annotated[bool, Meta(description="Whether answers are recorded.")] = True
    durability: Annotated[
        Literal["batched", "each"],
        Meta(
            description="`each`: an answer is sent when its record is on the disk; `batched`: its record is there "
            "within a second."
        ),
    ] = "batched"
    text: Annotated[bool, Meta(description="Whether the text is kept, with personal data replaced by pseudonyms.")] = (
        False
    )


class ModelSpec(Section, frozen=True, kw_only=True):
    """The life of one model."""

    name: Annotated[Name, Meta(description="Name of the model: lower case, digits, `-` and `_`.")]
    owner: Annotated[str, Meta(min_length=1, description="Who answers for the model. Required.")]
    data: Annotated[DataSpec, Meta(description="What the model learns from.")]
    team: Annotated[
        Annotated[str, Meta(min_length=1, max_length=64)] | None,
        Meta(description="Whom the costs of the model are told for. Default: the owner."),
    ] = None
    languages: Annotated[
        list[Language],
        Meta(
            description="BCP 47 codes of the languages that the model serves. Required where it reads texts; rows of a "
            "table may have a language, too."
        ),
    ] = msgspec.field(default_factory=list)
    task: Annotated[TaskName, Meta(description="What the model does.")] = "text-classification"
    description: Annotated[str, Meta(description="One or two sentences for the model card.")] = ""
    base: Annotated[BaseSpec, Meta(description="Where the encoder starts from.")] = BaseSpec()
    features: Annotated[
        FeaturesSpec | None,
        Meta(description="What the model reads of columns and feature views; beside the text, where the task has one."),
    ] = None
    training: Annotated[TrainingSpec, Meta(description="How the model learns.")] = TrainingSpec()
    trees: Annotated[TreesSpec | None, Meta(description="How a model of a table grows its trees.")] = None
    forecast: Annotated[ForecastSpec | None, Meta(description="What a forecast says. Required by the task.")] = None
    gates: Annotated[GatesSpec, Meta(description="What a version must reach to become the champion.")] = GatesSpec()
    serving: Annotated[ServingSpec, Meta(description="How the model answers.")] = ServingSpec()
    log: Annotated[LogSpec, Meta(description="What is kept of every answer.")] = LogSpec()
    release: Annotated[ReleaseSpec | None, Meta(description="How a new version reaches users.")] = None
    slo: Annotated[SloSpec, Meta(description="What users may count on.")] = SloSpec()
    drift: Annotated[DriftSpec, Meta(description="How changes of what comes in and goes out are found.")] = DriftSpec()
    alerts: Annotated[AlertsSpec, Meta(description="How alerts are told.")] = AlertsSpec()
    feedback: Annotated[FeedbackSpec, Meta(description="How labels are read.")] = FeedbackSpec()
    review: Annotated[ReviewSpec, Meta(description="Which predictions people are asked to label.")] = ReviewSpec()
    retraining: Annotated[
        RetrainingSpec | None, Meta(description="When a new version is trained without being asked for.")
    ] = None
    budget: Annotated[BudgetSpec, Meta(description="What trainings of the model may take.")] = BudgetSpec()
    kpis: Annotated[list[KpiSpec], Meta(description="Numbers of the business that depend on the answers.")] = (
        msgspec.field(default_factory=list)
    )

    @property
    def reads_text(self) -> bool:
        return self.task == "text-classification"

    @property
    def has_labels(self) -> bool:
        """Whether it answers labels; else numbers."""
        return self.task in ("text-classification", "tabular-classification")

    @property
    def counted_languages(self) -> list[str]:
        """Those that are told apart where answers are counted; "und" alone where rows of a table have none."""
        return self.languages or [NO_LANGUAGE]

    @property
    def billed_team(self) -> str:
        """Whom its costs are told for."""
        return self.team or self.owner

    @property
    def dataset_name(self) -> str:
        return (self.data.dataset or self.name).partition("/")[0]

    @property
    def dataset_number(self) -> int | None:
        """The version of the dataset that the spec names; None: the newest."""
        number = (self.data.dataset or "").partition("/")[2]
        return int(number) if number else None
