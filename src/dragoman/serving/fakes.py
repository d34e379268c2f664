"""A model without weights, for tests: a word tokenizer, a detector that looks at one letter, the fake session."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray
from tokenizers import Tokenizer as Backend
from tokenizers import models, pre_tokenizers, processors

from dragoman.models.packing import PackedBatch
from dragoman.models.scores import softmax
from dragoman.records import AnswerLabel, LabelPrediction, TextInput
from dragoman.runtime.base import FakeSession, Floats, Session
from dragoman.serving.backbone import Backbone
from dragoman.serving.cache import ResultCache
from dragoman.serving.engine import Engine
from dragoman.serving.model import Model
from dragoman.serving.scheduler import Scheduler
from dragoman.serving.tasks.base import Piece, Prepared, TextParameters
from dragoman.spec import ServingSpec
from dragoman.text.tokenizer import Tokenizer

__all__ = [
    "FAKE_LABELS",
    "FAKE_WORDS",
    "CountReadout",
    "DividedFakeSession",
    "FakeClock",
    "FakeDetector",
    "FakeTask",
    "HeldSession",
    "fake_backbone",
    "fake_engine",
    "fake_model",
    "fake_tokenizer",
]

FAKE_LABELS = ("invoice", "refund", "other")
FAKE_WORDS = ("where", "is", "my", "order", "please", "refund", "cancel", "it", "заказ", "где")
UNKNOWN = "<unk>"
LONGEST_HOLD = 10.0


class FakeDetector:
    """Says Russian for a text that begins with a letter past U+0400, English for all others."""

    def detect(self, text: str, *, script: str = "") -> tuple[str, float]:
        return ("ru" if text[:1] >= "\u0400" else "en"), 1.0

    def probability_of(self, language: str, text: str) -> float:
        return float(self.detect(text)[0] == language)


class FakeClock:
    """A clock that moves when a test says so."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class HeldSession(FakeSession):
    """A fake session that a test holds: every run sets `entered` and waits until `gate` is set, ten seconds at most."""

    def __init__(self, hidden: int = 3) -> None:
        super().__init__(hidden)
        self.entered, self.gate = threading.Event(), threading.Event()

    def run(self, batch: PackedBatch) -> Floats:
        self.entered.set()
        self.gate.wait(LONGEST_HOLD)
        return super().run(batch)


class DividedFakeSession(FakeSession):
    """A fake session of two halves. It notes what ran beside each batch; with `meets`, batches on halves wait to meet.

    `errors` holds what broke the rule that a half, and the whole, run one batch at a time.
    """

    halves = 2

    def __init__(self, hidden: int = 3, *, meets: bool = False) -> None:
        super().__init__(hidden)
        self.beside: list[set[int | None]] = []
        self.errors: list[str] = []
        self._running: set[int | None] = set()
        self._lock = threading.Lock()
        self._meeting = threading.Barrier(2) if meets else None

    def run(self, batch: PackedBatch, half: int | None = None) -> Floats:
        with self._lock:
            if half in self._running or None in self._running or (half is None and self._running):
                self.errors.append(f"{half} beside {self._running}")
            self.beside.append(set(self._running))
            self._running.add(half)
        if self._meeting is not None and half is not None:
            self._meeting.wait(LONGEST_HOLD)
        with self._lock:
            hidden = super().run(batch)
            self._running.discard(half)
        return hidden


class CountReadout:
    """The sum of a text's hidden states: with the fake session, how often each id occurs, modulo the vector's size."""

    def __init__(self, key: str = "count") -> None:
        self.key = key
        self.calls: list[list[int]] = []  # rows of each call

    def read(self, hidden: Floats, batch: PackedBatch, texts: Sequence[int]) -> list[Floats]:
        self.calls.append(list(texts))
        ends = batch.first + batch.lengths
        return [hidden[batch.first[text] : ends[text]].sum(axis=0) for text in texts]


class FakeParameters(TextParameters, frozen=True, kw_only=True):
    """Parameters of the fake task."""

    top: Annotated[int, Meta(ge=1)] | None = None


class FakeTask:
    """A classifier whose scores are the softmax of counted token ids."""

    name = "text-classification"
    Input = TextInput
    Parameters = FakeParameters
    Answer = LabelPrediction

    def __init__(self, tokenizer: Tokenizer, *, labels: Sequence[str] = FAKE_LABELS) -> None:
        self.tokenizer, self.labels, self.readout = tokenizer, tuple(labels), CountReadout()

    def prepare(self, inputs: Sequence[TextInput], parameters: FakeParameters) -> list[Prepared]:
        encoded = self.tokenizer.encode_many([one.text for one in inputs])
        return [
            Prepared([Piece(tokens.ids, None, self.readout)], one.text, one.language, 1, tokens.truncated, None)
            for one, tokens in zip(inputs, encoded, strict=True)
        ]

    def finish(
        self, prepared: Prepared, outputs: Sequence[NDArray[np.float32]], parameters: FakeParameters
    ) -> dict[str, Any]:
        scores = softmax(outputs[0][None, :].astype(np.float64))[0]
        order = np.argsort(-scores, kind="stable")[: parameters.top]
        return {"labels": [AnswerLabel(label=self.labels[index], score=float(scores[index])) for index in order]}


def fake_tokenizer(*, max_tokens: int = 16) -> Tokenizer:
    """Words to ids, between `<s>` and `</s>`."""
    pieces = ("<s>", "<pad>", "</s>", UNKNOWN, *FAKE_WORDS)
    backend = Backend(models.WordLevel({piece: id for id, piece in enumerate(pieces)}, unk_token=UNKNOWN))
    backend.pre_tokenizer = pre_tokenizers.Whitespace()
    backend.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return Tokenizer(backend, max_tokens=max_tokens)


def fake_engine(session: Session | None = None, *, serving: ServingSpec | None = None, **changes: Any) -> Engine:
    """An engine over the fake session; `changes` replace arguments of `Engine`."""
    serving = serving or ServingSpec()
    scheduler = Scheduler(max_batch_tokens=serving.max_batch_tokens, max_queue_tokens=serving.max_queue_tokens)
    return Engine(session or FakeSession(len(FAKE_LABELS)), scheduler, **({"first_position": 2} | changes))


def fake_backbone(
    session: Session | None = None,
    *,
    max_tokens: int = 16,
    serving: ServingSpec | None = None,
    digest: str = "fake",
    cache: ResultCache | None = None,
    **changes: Any,
) -> Backbone:
    """The word tokenizer and an engine over the fake session; `changes` replace arguments of `Engine`."""
    engine = fake_engine(session, serving=serving, digest=digest, cache=cache, **changes)
    return Backbone(tokenizer=fake_tokenizer(max_tokens=max_tokens), engine=engine, digest=digest)


def fake_model(*, session: Session | None = None, max_tokens: int = 16, **changes: Any) -> Model:
    """A model that answers by counting token ids; `changes` replace arguments of `Model`."""
    serving = changes.setdefault("serving", ServingSpec())
    backbone = changes.get("backbone") or fake_backbone(session, max_tokens=max_tokens, serving=serving)
    arguments: dict[str, Any] = {
        "name": "support",
        "version": "1",
        "digest": "fake",
        "task": FakeTask(backbone.tokenizer or fake_tokenizer()),
        "backbone": backbone,
        "detector": FakeDetector(),
        "languages": ("en", "ru"),
    }
    return Model(**(arguments | changes))
