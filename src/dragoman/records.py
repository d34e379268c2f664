"""Frozen records that cross borders between parts, processes and releases.

Every record is a `msgspec.Struct`: it encodes to JSON and back, compares by value, and refuses unknown fields.
Times are ISO 8601 strings in UTC; digests are SHA-256 in lower-case hex.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

__all__ = [
    "Agreement",
    "AnswerLabel",
    "AnswerPrediction",
    "AnswerSpan",
    "BundleFile",
    "Candidate",
    "DatasetVersion",
    "EmbeddingPrediction",
    "Entity",
    "EntityPrediction",
    "Example",
    "FillPrediction",
    "Form",
    "FormReport",
    "Interval",
    "LabelPrediction",
    "LanguageScore",
    "Manifest",
    "ParityReport",
    "Prediction",
    "QuestionInput",
    "RankInput",
    "RankPrediction",
    "RankedText",
    "Report",
    "Run",
    "TextInput",
    "TuningReport",
    "Usage",
    "Version",
]

NUMBERS: dict[str, Any] = {"type": "array", "items": {"type": "number"}}
FLOATS = Meta(extra_json_schema={"anyOf": [NUMBERS, {"type": "array", "items": NUMBERS}]})  # a vector, or one per token


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


# Tuning -------------------------------------------------------------------------------------------------------------


class Form(Record, frozen=True, kw_only=True):
    """One way of running a model."""

    precision: str  # "fp32", "int8", "bf16" or "fp16"
    backend: str  # "onnxruntime", "native" or "torch"
    threads: int  # 0: all cores that the process may use
    trimmed: bool = False  # without the pieces that the served languages do not need

    @property
    def name(self) -> str:
        threads = {0: "all cores", 1: "1 thread"}.get(self.threads, f"{self.threads} threads")
        return f"{self.precision} {self.backend}, {threads}" + (", trimmed" if self.trimmed else "")


class Agreement(Record, frozen=True, kw_only=True):
    """How near a form's answers are to those of the fp32 form, on the same texts."""

    texts: int
    labels: float  # share of texts with the same label; of embeddings, with the same nearest neighbour
    languages: dict[str, float]  # the same per language
    score_distance: float  # greatest difference of a score
    cosine: float  # least cosine of two mean hidden states

    @property
    def worst_language(self) -> str:
        """The language with the least agreement; the first of them by name."""
        return min(sorted(self.languages), key=self.languages.__getitem__)


class FormReport(Record, frozen=True, kw_only=True):
    """What was measured of one form."""

    form: Form
    tokens_per_second: float
    single_ms: float  # median time of one text alone
    agreement: Agreement
    accuracy: float | None = None  # share of texts with their true label, where it is known
    missed: list[str] = []  # gates that it does not pass, in words


class TuningReport(Record, frozen=True, kw_only=True):
    """What `dragoman tune` measured, where, and which form it chose."""

    processor: str
    cores: int  # that the process could use
    gate: float  # least agreement over all
    language_gate: float  # least agreement in every language
    pieces: int  # of the tokenizer
    kept_pieces: int  # of the trimmed one; the same where nothing was trimmed
    trimming: str  # what trimming kept: "scripts" or "seen"; empty where nothing was trimmed
    forms: list[FormReport]  # the first is the reference
    chosen: Form

    @property
    def best(self) -> FormReport:
        """What was measured of the chosen form."""
        return next(one for one in self.forms if one.form == self.chosen)


# Serving ------------------------------------------------------------------------------------------------------------


class TextInput(Record, frozen=True, kw_only=True):
    """A text, with its language if the caller knows it, and the second text of a pair where the model takes pairs."""

    text: str
    language: str | None = None
    pair: str | None = None


class QuestionInput(Record, frozen=True, kw_only=True):
    """A question and the text in which its answer stands."""

    question: str
    context: str
    language: str | None = None


class RankInput(Record, frozen=True, kw_only=True):
    """A query and the texts to put in order of relevance."""

    query: str
    texts: list[str]
    language: str | None = None


class AnswerLabel(Record, frozen=True, kw_only=True):
    """A label with its score in [0, 1]."""

    label: str
    score: float


class Entity(Record, frozen=True, kw_only=True):
    """A named span of the caller's text: `text` is `caller_text[start:end]`, counted in code points."""

    label: str
    start: int
    end: int
    text: str
    score: float


class AnswerSpan(Record, frozen=True, kw_only=True):
    """An answer as a span of the caller's context: `text` is `context[start:end]`, counted in code points."""

    text: str
    start: int
    end: int
    score: float


class RankedText(Record, frozen=True, kw_only=True):
    """A text's place in the request, and its relevance."""

    index: int
    score: float


class Candidate(Record, frozen=True, kw_only=True):
    """What may stand at a mask: the piece, the text it makes, and which mask of the text it is for."""

    text: str
    token: int
    score: float
    mask: int


class Prediction(Record, frozen=True, kw_only=True):
    """One answer; each task has its own kind with its own result."""

    id: str
    language: str
    script: str
    tokens: int
    windows: int
    truncated: bool


class LabelPrediction(Prediction, frozen=True, kw_only=True):
    """The answer of a classifier, zero-shot classifiers included."""

    labels: list[AnswerLabel]  # best first
    abstained: bool = False

    @property
    def label(self) -> str:
        """The best label."""
        return self.labels[0].label


class EntityPrediction(Prediction, frozen=True, kw_only=True):
    """The entities of a text, in the order of the text."""

    entities: list[Entity]


class AnswerPrediction(Prediction, frozen=True, kw_only=True):
    """The answer to a question; None when the context has none."""

    answer: AnswerSpan | None


class EmbeddingPrediction(Prediction, frozen=True, kw_only=True, eq=False):
    """The vector of a text."""

    embedding: Annotated[Any, FLOATS]  # NDArray[np.float32], [dimensions] or [tokens, dimensions]


class RankPrediction(Prediction, frozen=True, kw_only=True):
    """The texts of a request, the most relevant first."""

    results: list[RankedText]


class FillPrediction(Prediction, frozen=True, kw_only=True):
    """What may stand at the masks of a text: mask by mask, best first."""

    candidates: list[Candidate]


class Usage(Record, frozen=True, kw_only=True):
    """What an answer cost."""

    tokens: int
    queue_ms: float
    inference_ms: float
