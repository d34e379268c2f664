"""Where a release stands as a whole: what others ask who decide about something larger than the model.

The controller asks at every step only for what that step can show. Here a release passes when all that the plan
requires is shown, in every language; before that it is *not enough evidence*, however far its traffic has come.
"""

from __future__ import annotations

from typing import NamedTuple

from dragoman.records import Finding, Release, Verdict
from dragoman.release.controller import plan_of
from dragoman.release.decision import WHOLE, decide, last_split
from dragoman.release.judge import FAIL, OPEN, PASS

__all__ = ["Standing", "find", "standing"]

ENDS: dict[str, Verdict] = {"promoted": PASS, "rolled_back": FAIL}


class Standing(NamedTuple):
    """A verdict on a release, and what it rests on, such as "agreement in th" or "gate parity"."""

    verdict: Verdict
    failed: list[str]
    missing: list[str]


def standing(release: Release, *, language: str | None = None) -> Standing:
    """The verdict on a release, or on one language of it.

    A release whose end is decided keeps that verdict, in every language.
    """
    failed = _failed_gates(release, language) + [
        _name(one) for one in release.findings if one.verdict == FAIL and language in (None, one.language)
    ]
    if release.status in ENDS:
        return Standing(ENDS[release.status], failed, [])
    missing = _missing(release, language)
    return Standing(FAIL if failed else OPEN if missing else PASS, failed, missing)


def find(release: Release, metric: str, language: str) -> Finding | None:
    """What was found of a metric in a language, a family, a script or all together."""
    return next((one for one in release.findings if (one.metric, one.language) == (metric, language)), None)


def _failed_gates(release: Release, language: str | None) -> list[str]:
    asked = [one for one in release.gates if language in (None, one.language) or not one.language]
    return [
        f"gate {one.gate}" + (f" in {one.language}" if one.language else "") for one in asked if one.verdict == FAIL
    ]


def _missing(release: Release, language: str | None) -> list[str]:
    """The required metrics of the asked languages that have not passed and that nobody accepted as they are."""
    if release.step < 0:
        return ["the gates before traffic"]
    plan = plan_of(release)
    percent = WHOLE if release.share >= 1 else last_split(plan)  # the step that requires the most, or one behind it
    lacking = {(one.metric, one.language) for one in decide(release.findings, plan, percent=percent).open}
    judged = {(one.metric, one.language) for one in release.findings}
    asked = [name for name in release.languages if language in (None, name) and name not in release.accepted]
    return [
        f"{metric} in {name}"
        for metric in plan.required
        for name in asked
        if (metric, name) in lacking or (metric, name) not in judged
    ]


def _name(finding: Finding) -> str:
    return f"{finding.metric} in {finding.language}"
