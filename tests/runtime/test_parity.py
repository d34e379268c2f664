from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dragoman.errors import GateFailed
from dragoman.records import ParityReport
from dragoman.runtime.parity import TOLERANCE, check_parity, compare_outputs

HIDDEN = np.zeros((5, 4), dtype=np.float32)
LOGITS = np.array([[1.0, 0.0], [0.0, 1.0], [3.0, 0.0]], dtype=np.float32)
LANGUAGES = ["en", "sw", "sw"]


def compare(**changes: Any) -> ParityReport:
    same = {"expected_hidden": HIDDEN, "hidden": HIDDEN, "expected_logits": LOGITS, "logits": LOGITS}
    return compare_outputs(**(same | changes), languages=LANGUAGES)


def test_equal_outputs_have_no_difference_and_pass() -> None:
    report = compare()

    assert (report.max_hidden_difference, report.max_logit_difference) == (0.0, 0.0)
    assert (report.texts, report.label_agreement) == (3, 1.0)
    check_parity(report)


def test_agreement_is_reported_per_language() -> None:
    turned = LOGITS.copy()
    turned[1] = turned[1, ::-1]

    report = compare(logits=turned)

    assert report.label_agreement == pytest.approx(2 / 3)
    assert report.languages == {"en": 1.0, "sw": 0.5}


@pytest.mark.parametrize("part", ["hidden", "logits"])
def test_a_difference_over_the_tolerance_fails_the_gate(part: str) -> None:
    changed = {"hidden": HIDDEN, "logits": LOGITS}[part].copy()
    changed[-1, -1] += 2 * TOLERANCE

    with pytest.raises(GateFailed, match=r"2\.00e-04; the tolerance is 1e-04"):
        check_parity(compare(**{part: changed}))


@pytest.mark.parametrize("part", ["hidden", "logits"])
def test_a_value_that_is_no_number_fails_the_gate(part: str) -> None:
    changed = {"hidden": HIDDEN, "logits": LOGITS}[part].copy()
    changed[0, 0] = np.nan

    with pytest.raises(GateFailed, match="nan"):
        check_parity(compare(**{part: changed}))
