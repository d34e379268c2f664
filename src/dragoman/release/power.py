"""What a release will be able to see: how far answers may differ in traffic before it fails, per language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from dragoman.records import Baseline, GateResult
from dragoman.release.limits import agreement_limits
from dragoman.spec import ReleaseSpec

__all__ = ["LABELS", "LABELS_OF_ROWS", "NUMBERS", "Differs", "power_gates"]

SHARP = 0.05  # points of disagreement above the measured ones that a release should notice


class Differs(NamedTuple):
    """What two answers do that are not the same, and what they are answers to."""

    how: str = "labels differ"
    counted: str = "texts"


LABELS = Differs()
LABELS_OF_ROWS = Differs(counted="rows")
NUMBERS = Differs("values are outside of the champion's interval", "rows")


def power_gates(
    spec: ReleaseSpec, baselines: Mapping[str, Baseline], languages: Sequence[str], *, differs: Differs = LABELS
) -> list[GateResult]:
    """A result per language: "pass" where the evaluation is large enough, else "not enough evidence".

    It stops nothing: it warns that a small evaluation makes the release blunt, since the limit of agreement must bear
    what chance may have done to it.
    """
    limits = agreement_limits(spec, baselines, languages).fail
    known = [(name, baselines.get(name), float(limit)) for name, limit in zip(languages, limits, strict=True)]
    return [_gate(name, baseline, limit, differs) for name, baseline, limit in known]


def _gate(language: str, baseline: Baseline | None, limit: float, differs: Differs) -> GateResult:
    if baseline is None or not baseline.texts:
        lacking = f"there are no evaluation {differs.counted}"
        text = f"power in {language}: {lacking}; the limit is that of all languages together"
        return GateResult(gate="power", language=language, verdict="not enough evidence", text=text)
    measured = baseline.disagreements / baseline.texts
    recent = "recent " if baseline.source == "traffic" else ""
    text = (
        f"power in {language}: {differs.how} in {measured:.1%} of {baseline.texts} {recent}{differs.counted}; in "
        f"traffic they may be so in {limit:.1%} before the release fails"
    )
    return GateResult(
        gate="power",
        language=language,
        challenger=measured,
        limit=limit,
        n=baseline.texts,
        verdict="pass" if measured < limit <= measured + SHARP else "not enough evidence",
        text=text,
    )
