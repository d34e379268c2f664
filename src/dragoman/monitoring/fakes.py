"""References of invented texts, as the fake model answers them, for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from dragoman.monitoring.profiler import Watched, measured_of, projections_of
from dragoman.monitoring.sampler import Sampler
from dragoman.profiles import Probe, Reference, TokenFacts, build_reference, columns_of
from dragoman.serving.fakes import FAKE_LABELS, FAKE_WORDS, fake_model
from dragoman.serving.observer import Answered, Silent, TextSeen
from dragoman.spec import DriftSpec

__all__ = ["fake_reference", "fake_text"]

WORDS = {"en": [word for word in FAKE_WORDS if word.isascii()], "ru": [word for word in FAKE_WORDS if word > "\u0400"]}
HIDDEN = 3


class Collector(Silent):
    """Keeps the texts that were answered."""

    def __init__(self) -> None:
        self.texts: list[TextSeen] = []

    def answered(self, request: Answered) -> None:
        self.texts += request.texts


def fake_reference(*, texts: int = 400, seed: int = 0) -> Reference:
    """Of `texts` texts in English and as many in Russian, all of the fake tokenizer's words."""
    draw, collector = np.random.default_rng(seed), Collector()
    probe = Probe.fit(draw.standard_normal((64, HIDDEN)).astype(np.float32), ["en"] * 64)
    empty = Reference({}, {}, probe)
    with fake_model(reference=empty, observer=collector) as model:
        model.predict([fake_text(language, draw) for language in WORDS for _ in range(texts)])
        facts = TokenFacts.of(model.tokenizer)
        watched = Watched(empty, facts, model.detector, len(FAKE_LABELS), DriftSpec(), Sampler(1))
    seen = collector.texts
    columns = columns_of([measured_of(text, watched) for text in seen], projections_of(seen))
    return build_reference([text.language for text in seen], columns, probe=probe)


def fake_text(language: str, draw: np.random.Generator, words: Mapping[str, Sequence[str]] = WORDS) -> str:
    """One to eight words."""
    return " ".join(draw.choice(words[language], size=draw.integers(1, 9)))
