"""Parity: does the served graph say what the library that grew the trees says?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dragoman.records import ParityReport

__all__ = ["comparable", "compare_answers"]

TOLERANCE = 1e-5

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]


def compare_answers(
    expected: Doubles, told: Floats, languages: Sequence[str], *, scale: float, has_labels: bool
) -> ParityReport:
    """Compare answers `[rows, outputs]` to the same rows in the same order.

    Differences are relative to `scale` plus the answer: the served number is float32. Labels agree if the best one is
    the same, numbers if they differ by no more than the tolerance.
    """
    differences = np.abs(told - expected) / (scale + np.abs(expected))
    same = expected.argmax(axis=1) == told.argmax(axis=1) if has_labels else differences.max(axis=1) <= TOLERANCE
    member = np.asarray(languages)
    return ParityReport(
        texts=len(languages),
        max_hidden_difference=0.0,
        max_logit_difference=float(differences.max(initial=0.0)),
        label_agreement=float(same.mean()) if len(same) else 1.0,
        languages={name: float(same[member == name].mean()) for name in sorted(set(languages))},
        tolerance=TOLERANCE,
    )


def comparable(train: Floats, rows: Floats) -> NDArray[np.int64]:
    """The rows that miss nothing that every training row had: of others, the library takes what is missing for 0."""
    always = ~np.isnan(train).any(axis=0)
    return np.flatnonzero(~np.isnan(rows[:, always]).any(axis=1))
