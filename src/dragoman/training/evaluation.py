"""Evaluation per language, with intervals."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from dragoman.models.packing import pack, plan_batches
from dragoman.models.readouts import Readout
from dragoman.records import Interval, LanguageScore, Report
from dragoman.runtime.base import Session
from dragoman.text.tokenizer import Tokenizer

__all__ = ["calibration_error", "evaluate", "predict_logits", "wilson_interval"]

Z95 = 1.959963984540054
BATCH_TOKENS = 8_192
CALIBRATION_BINS = 15
CONFUSIONS_SHOWN = 20

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]


def predict_logits(
    session: Session,
    readout: Readout,
    tokenizer: Tokenizer,
    texts: Sequence[str],
    *,
    first_position: int,
    features: Floats | None = None,
) -> Floats:
    """Logits `[texts, labels]` in the order of `texts`, as they are served. `features` are `[texts, columns]`."""
    ids = [encoded.ids for encoded in tokenizer.encode_many(texts)]
    rows: list[int] = []
    parts: list[Floats] = []
    for batch in plan_batches([len(text) for text in ids], max_tokens=BATCH_TOKENS):
        given = None if features is None else list(features[batch])
        packed = pack([ids[row] for row in batch], first_position=first_position, features=given)
        parts += readout.read(session.run(packed), packed, range(packed.texts))
        rows += batch
    logits = np.empty((len(texts), len(parts[0])), dtype=np.float32)
    logits[rows] = parts
    return logits


def evaluate(
    probabilities: Doubles, truth: Sequence[str], languages: Sequence[str], *, labels: Sequence[str], split: str
) -> Report:
    """Compare `probabilities` `[texts, labels]` with the true labels, overall and per language (worst first)."""
    predicted = [labels[index] for index in probabilities.argmax(axis=1)]
    correct = np.array([guess == true for guess, true in zip(predicted, truth, strict=True)])
    scores = [_language_score(name, correct, predicted, truth, languages) for name in sorted(set(languages))]
    wrong = Counter((true, guess) for true, guess in zip(truth, predicted, strict=True) if true != guess)
    return Report(
        split=split,
        accuracy=wilson_interval(int(correct.sum()), len(correct)),
        macro_f1=_macro_f1(predicted, truth),
        calibration_error=calibration_error(probabilities.max(axis=1), correct),
        languages=sorted(scores, key=lambda score: (score.accuracy.value, score.language)),
        confusions=[(*pair, count) for pair, count in sorted(wrong.items(), key=_by_count)[:CONFUSIONS_SHOWN]],
    )


def _by_count(item: tuple[tuple[str, str], int]) -> tuple[int, tuple[str, str]]:
    return -item[1], item[0]


def _language_score(
    name: str, correct: NDArray[np.bool_], predicted: Sequence[str], truth: Sequence[str], languages: Sequence[str]
) -> LanguageScore:
    rows = [row for row, language in enumerate(languages) if language == name]
    return LanguageScore(
        language=name,
        accuracy=wilson_interval(int(correct[rows].sum()), len(rows)),
        macro_f1=_macro_f1([predicted[row] for row in rows], [truth[row] for row in rows]),
    )


def wilson_interval(successes: int, trials: int, *, level: float = 0.95) -> Interval:
    """Share of successes with Wilson's score interval (Wilson 1927). `trials` must be positive."""
    z = Z95 if level == 0.95 else NormalDist().inv_cdf((1 + level) / 2)
    share, z2 = successes / trials, z**2
    centre = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    half = z / (1 + z2 / trials) * math.sqrt(share * (1 - share) / trials + z2 / (4 * trials**2))
    return Interval(value=share, low=max(0.0, centre - half), high=min(1.0, centre + half), n=trials, level=level)


def calibration_error(confidence: Doubles, correct: NDArray[np.bool_]) -> float:
    """Expected calibration error over equal-width bins (Naeini et al. 2015)."""
    bins = np.minimum((confidence * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    gaps = [abs(confidence[bins == b].sum() - correct[bins == b].sum()) for b in range(CALIBRATION_BINS)]
    return float(sum(gaps) / len(confidence))


def _macro_f1(predicted: Sequence[str], truth: Sequence[str]) -> float:
    """Mean F1 over the labels that occur in the truth."""
    hits = Counter(true for guess, true in zip(predicted, truth, strict=True) if guess == true)
    guesses, truths = Counter(predicted), Counter(truth)
    return sum(2 * hits[label] / (guesses[label] + truths[label]) for label in truths) / len(truths)
