"""Agreement: are a faster form's answers those of the fp32 form, language by language?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dragoman.errors import InvalidData
from dragoman.records import Agreement
from dragoman.runtime.answers import UNSAID, Answer, Answers

__all__ = ["compare_answers", "missed_gates"]

NEAR = 0.1  # of the standard deviation of numbers: nearer ones count as the same

Array = NDArray[Any]
Shares = NDArray[np.float64]


def compare_answers(
    reference: Answers, other: Answers, languages: Sequence[str], *, kind: Literal["labels", "numbers", "vectors"]
) -> Agreement:
    """Compare two forms on the same texts in the same order; `kind` is that of their reader.

    Texts agree by the share of their labels that are equal; as numbers, when they differ by less than a tenth of the
    standard deviation; as vectors, when their nearest other text is the same. A text that has nothing to compare, such
    as one without a mask, is left out. Raises `InvalidData` if no text has.
    """
    same = _same(reference, other, kind)
    compared = ~np.isnan(same)
    if not compared.any():
        raise InvalidData("The model answers none of the texts.", help="Give texts of the kind that it was made for.")
    member = np.asarray(languages)
    return Agreement(
        texts=int(compared.sum()),
        labels=float(same[compared].mean()),
        languages={
            name: float(same[compared & (member == name)].mean()) for name in sorted(set(member[compared].tolist()))
        },
        score_distance=_score_distance(reference.each, other.each),
        cosine=float(_cosines(reference.mean, other.mean).min()),
    )


def missed_gates(agreement: Agreement, *, gate: float, language_gate: float) -> list[str]:
    """The gates that an agreement does not reach, in words; empty when it passes."""
    missed = [] if agreement.labels >= gate else [f"agreement {agreement.labels:.4f} < {gate}"]
    return missed + [
        f"agreement in {language} {share:.4f} < {language_gate}"
        for language, share in agreement.languages.items()
        if not share >= language_gate
    ]


def _same(reference: Answers, other: Answers, kind: str) -> Shares:
    """How far each text's answers agree, in [0, 1]; not a number where there is nothing to compare."""
    if kind == "vectors":
        return np.equal(_neighbours(reference.each), _neighbours(other.each)).astype(np.float64)
    if kind == "numbers":
        one, two = (np.stack([answer.values for answer in form.each]) for form in (reference, other))
        return (np.abs(one - two) <= NEAR * one.std(axis=0)).mean(axis=1)  # type: ignore[no-any-return]
    return np.array([_equal_share(*pair) for pair in zip(reference.each, other.each, strict=True)])


def _equal_share(one: Answer, two: Answer) -> float:
    if one.labels.shape != two.labels.shape:  # such as a mask that only one of the tokenizers cut off
        return 0.0
    said = (one.labels != UNSAID) | (two.labels != UNSAID)
    return float((one.labels == two.labels)[said].mean()) if said.any() else float("nan")


def _neighbours(answers: Sequence[Answer]) -> NDArray[np.intp]:
    rows = np.stack([answer.values for answer in answers])
    rows = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    similar = rows @ rows.T
    np.fill_diagonal(similar, -np.inf)
    return similar.argmax(axis=1)  # type: ignore[no-any-return]


def _score_distance(reference: Sequence[Answer], other: Sequence[Answer]) -> float:
    """Greatest difference of a score or a number; 1 where nothing can be compared."""
    pairs = [(one.values, two.values) for one, two in zip(reference, other, strict=True)]
    return float(max((np.abs(a - b).max() for a, b in pairs if a.shape == b.shape and a.size), default=1.0))


def _cosines(one: Array, two: Array) -> Array:
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(two, axis=1)
    return (one * two).sum(axis=1) / np.maximum(lengths, 1e-12)  # type: ignore[no-any-return]
