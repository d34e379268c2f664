"""The reference of a bundle: what held-out texts, and the answers to them, look like when they are served."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.models.readouts import PoolReadout
from dragoman.models.readouts.probed import ProbedReadout
from dragoman.models.scores import softmax
from dragoman.profiles import DIRECTIONS, Measured, Probe, Reference, TokenFacts, build_reference, columns_of, measure
from dragoman.records import Example
from dragoman.text.language import Detector
from dragoman.text.tokenizer import Tokenizer
from dragoman.training.served import Served
from dragoman.training.spread import spread_over_languages

__all__ = ["HELD_OUT", "HeldOut", "Reading", "read_held_out", "reference_of"]

HELD_OUT = ("dev", "test")
PROBE_TEXTS = 1_024  # whose vectors give the probe its bandwidth
CHUNK = 4_096  # texts that are measured at a time

Floats = NDArray[np.float32]


class HeldOut(NamedTuple):
    """Examples that the model was not trained on, and what it says of them."""

    examples: list[Example]
    logits: Floats  # [examples, labels]
    projections: Floats  # [examples, 16]
    probe: Probe

    def of(self, split: str) -> tuple[list[Example], Floats]:
        """The examples of a split, and their logits."""
        rows = [row for row, example in enumerate(self.examples) if example.split == split]
        return [self.examples[row] for row in rows], self.logits[rows]


class Reading(NamedTuple):
    """How texts are read when they are served."""

    tokenizer: Tokenizer
    detector: Detector
    labels: Sequence[str]
    temperature: float
    in_windows: bool  # texts that are too long are read to their end


def read_held_out(served: Served, examples: Sequence[Example]) -> HeldOut:
    """What a model says of at least one example of a held-out split; others are left out.

    The probe's bandwidth comes from some examples of every language.
    """
    own = [example for example in examples if example.split in HELD_OUT]
    probe = _fit_probe(served, spread_over_languages(own, PROBE_TEXTS))
    probed = served._replace(readout=ProbedReadout(served.readout, probe))
    outputs = probed.read([example.text for example in own])
    return HeldOut(own, outputs[:, :-DIRECTIONS], outputs[:, -DIRECTIONS:], probe)


def reference_of(held_out: HeldOut, reading: Reading) -> Reference:
    """The reference of what a model said of held-out texts, measured some thousands at a time.

    The language of a text is the detected one, as for a request that names none.
    """
    facts = TokenFacts.of(reading.tokenizer)
    scores = softmax(held_out.logits, temperature=reading.temperature)
    languages: list[str] = []
    parts: list[dict[str, NDArray[Any]]] = []
    for start in range(0, len(scores), CHUNK):
        chunk = slice(start, start + CHUNK)
        texts = [example.text for example in held_out.examples[chunk]]
        rows = list(_measured(texts, scores[chunk], reading, facts))
        languages += [language for language, _ in rows]
        parts.append(columns_of([values for _, values in rows], held_out.projections[chunk]))
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return build_reference(languages, columns, probe=held_out.probe)


def _fit_probe(served: Served, examples: Sequence[Example]) -> Probe:
    pool = served._replace(readout=PoolReadout(pooling="mean", normalize=False))
    return Probe.fit(pool.read([one.text for one in examples]), [one.language for one in examples])


def _measured(
    texts: Sequence[str], scores: NDArray[np.float64], reading: Reading, facts: TokenFacts
) -> Iterator[tuple[str, Measured]]:
    """The language of each text, and its values."""
    room = reading.tokenizer.room()
    for text, tokens, shares in zip(texts, reading.tokenizer.tokenize_many(texts), scores, strict=True):
        language, confidence = reading.detector.detect(text)
        measured = measure(
            text,
            tokens.ids if reading.in_windows else tokens.ids[:room],
            facts,
            truncated=len(tokens) > room and not reading.in_windows,
            confidence=confidence,
            label=reading.labels[int(shares.argmax())],
            scores=shares,
        )
        yield language, measured
