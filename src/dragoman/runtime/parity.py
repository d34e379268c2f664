"""Parity: is what will be served the same as what was trained?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dragoman.errors import GateFailed
from dragoman.records import ParityReport

__all__ = ["TOLERANCE", "check_parity", "compare_outputs"]

TOLERANCE = 1e-4
Floats = NDArray[np.float32]


def compare_outputs(
    *,
    expected_hidden: Floats,
    hidden: Floats,
    expected_logits: Floats,
    logits: Floats,
    languages: Sequence[str],
) -> ParityReport:
    """Compare a session's outputs with the trained model's, on the same texts in the same order."""
    same = expected_logits.argmax(axis=1) == logits.argmax(axis=1)
    member = np.asarray(languages)
    return ParityReport(
        texts=len(languages),
        max_hidden_difference=float(np.abs(expected_hidden - hidden).max()),
        max_logit_difference=float(np.abs(expected_logits - logits).max()),
        label_agreement=float(same.mean()),
        languages={name: float(same[member == name].mean()) for name in sorted(set(languages))},
        tolerance=TOLERANCE,
    )


def check_parity(report: ParityReport) -> None:
    """Raise `GateFailed` if the outputs differ by more than the tolerance."""
    hidden, logits = report.max_hidden_difference, report.max_logit_difference
    if not (hidden <= report.tolerance and logits <= report.tolerance):  # so written, a NaN in either fails
        worst = np.maximum(hidden, logits)
        raise GateFailed(
            f"The exported graph differs from the model by {worst:.2e}; the tolerance is {report.tolerance:.0e}.",
            help="This is a defect of the export: keep the run's folder and report it.",
        )
