"""The reference of a bundle: what held-out texts, and the answers to them, look like when they are served."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.models.readouts import PoolReadout
from dragoman.models.readouts.probed import ProbedReadout
from dragoman.models.scores import softmax
from dragoman.profiles import (
    DIRECTIONS,
    UNKNOWN_LANGUAGE,
    Measured,
    Probe,
    Reference,
    TokenFacts,
    build_reference,
    columns_of,
    columns_of_rows,
    measure,
    measure_answer,
)
from dragoman.records import Example, FeatureColumn
from dragoman.text.language import Detector
from dragoman.text.tokenizer import Tokenizer
from dragoman.training.served import Served
from dragoman.training.spread import spread_over_languages

__all__ = ["HELD_OUT", "HeldOut", "Reading", "read_held_out", "reference_of", "reference_of_rows"]

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
    outputs = probed.read(own)
    return HeldOut(own, outputs[:, :-DIRECTIONS], outputs[:, -DIRECTIONS:], probe)


def reference_of(
    held_out: HeldOut,
    reading: Reading,
    *,
    rows: Sequence[Mapping[str, Any]] | None = None,
    columns: Sequence[FeatureColumn] = (),
) -> Reference:
    """The reference of what a model said of held-out texts, measured some thousands at a time.

    The language of a text is the detected one, as for a request that names none. A model that reads columns beside the
    text gives them, with the `rows` of the held-out examples in their order: values by column, as requests carry them.
    """
    facts = TokenFacts.of(reading.tokenizer)
    scores = softmax(held_out.logits, temperature=reading.temperature)
    languages: list[str] = []
    parts: list[dict[str, NDArray[Any]]] = []
    for start in range(0, len(scores), CHUNK):
        chunk = slice(start, start + CHUNK)
        texts = [example.text for example in held_out.examples[chunk]]
        measured = list(_measured(texts, scores[chunk], reading, facts))
        languages += [language for language, _ in measured]
        parts.append(columns_of([values for _, values in measured], held_out.projections[chunk]))
    signals = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    read = columns_of_rows(rows, columns) if rows is not None else {}
    return build_reference(languages, {**signals, **read}, probe=held_out.probe)


def reference_of_rows(
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[FeatureColumn],
    *,
    languages: Sequence[str],
    labels: Sequence[str] = (),
    scores: NDArray[np.float64] | None = None,
    values: NDArray[np.float64] | None = None,
) -> Reference:
    """The reference of what a model of a table said of held-out rows.

    `rows` are values by column, as requests carry them; `languages` those of the rows, empty for one that has none. A
    classifier gives its `labels` and the `scores` `[rows, labels]` as it serves them, a model of numbers `values`
    `[rows, 3]`: value, low, high; of a forecast, those of its first step.
    """
    answers: list[Measured] = []
    if scores is not None:
        best = [labels[place] for place in scores.argmax(axis=1).tolist()]
        answers = [measure_answer(label=label, scores=own) for label, own in zip(best, scores, strict=True)]
    elif values is not None:
        answers = [measure_answer(value=value, width=high - low) for value, low, high in values.tolist()]
    known = [language or UNKNOWN_LANGUAGE for language in languages]
    signals = columns_of(answers) if answers else {}
    return build_reference(known, {**signals, **columns_of_rows(rows, columns)})


def _fit_probe(served: Served, examples: Sequence[Example]) -> Probe:
    pool = served._replace(readout=PoolReadout(pooling="mean", normalize=False))
    return Probe.fit(pool.read(examples), [one.language for one in examples])


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
