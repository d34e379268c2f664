"""A model without weights, for tests: a word tokenizer, a detector that looks at one letter, the fake session."""

from __future__ import annotations

import threading
from typing import Any

from tokenizers import Tokenizer as Backend
from tokenizers import models, pre_tokenizers, processors

from dragoman.models.packing import PackedBatch
from dragoman.runtime.base import FakeSession, Outputs
from dragoman.serving.model import Model
from dragoman.spec import ServingSpec
from dragoman.text.tokenizer import Tokenizer

__all__ = ["FAKE_LABELS", "FAKE_WORDS", "FakeDetector", "HeldSession", "fake_model", "fake_tokenizer"]

FAKE_LABELS = ("invoice", "refund", "other")
FAKE_WORDS = ("where", "is", "my", "order", "please", "refund", "cancel", "it", "заказ", "где")
UNKNOWN = "<unk>"
LONGEST_HOLD = 10.0


class FakeDetector:
    """Says Russian for a text that begins with a letter past U+0400, English for all others."""

    def detect(self, text: str) -> tuple[str, float]:
        return ("ru" if text[:1] >= "\u0400" else "en"), 1.0


class HeldSession(FakeSession):
    """A fake session that a test holds: every run sets `entered` and waits until `gate` is set, ten seconds at most."""

    def __init__(self, labels: int = 3) -> None:
        super().__init__(labels)
        self.entered, self.gate = threading.Event(), threading.Event()

    def run(self, batch: PackedBatch) -> Outputs:
        self.entered.set()
        self.gate.wait(LONGEST_HOLD)
        return super().run(batch)


def fake_tokenizer(*, max_tokens: int = 16) -> Tokenizer:
    """Words to ids, between `<s>` and `</s>`."""
    pieces = ("<s>", "<pad>", "</s>", UNKNOWN, *FAKE_WORDS)
    backend = Backend(models.WordLevel({piece: id for id, piece in enumerate(pieces)}, unk_token=UNKNOWN))
    backend.pre_tokenizer = pre_tokenizers.Whitespace()
    backend.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return Tokenizer(backend, max_tokens=max_tokens)


def fake_model(**changes: Any) -> Model:
    """A model that answers by counting token ids; `changes` replace arguments of `Model`."""
    max_tokens = changes.get("max_tokens", 16)
    arguments: dict[str, Any] = {
        "name": "support",
        "version": "1",
        "tokenizer": fake_tokenizer(max_tokens=max_tokens),
        "detector": FakeDetector(),
        "labels": FAKE_LABELS,
        "languages": ("en", "ru"),
        "temperature": 1.0,
        "session": FakeSession(labels=len(FAKE_LABELS)),
        "serving": ServingSpec(),
        "first_position": 2,
        "max_tokens": max_tokens,
    }
    return Model(**(arguments | changes))
