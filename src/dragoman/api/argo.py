"""A measurement for the web provider of Argo Rollouts.

`{$.verdict}` is "pass", "fail" or "inconclusive": with `successCondition: result == "pass"` and `failureCondition:
result == "fail"` too little evidence is an inconclusive measurement, which neither promotes nor aborts.
"""

from __future__ import annotations

from typing import Literal

from dragoman.api.body import BodyReader
from dragoman.api.judge_question import JudgeQuestion, asked_release, words_of
from dragoman.api.messages import Message
from dragoman.api.release_desk import ReleaseDesk
from dragoman.errors import InvalidRequest
from dragoman.records import Finding, Release, Verdict
from dragoman.release.judge import ALL, FAIL
from dragoman.release.metrics import METRICS
from dragoman.release.standing import find, standing
from dragoman.serving.suggestion import shown, suggest

__all__ = ["QUESTION", "ArgoAnswer", "Measurement", "answer"]

Word = Literal["pass", "fail", "inconclusive"]

QUESTION = BodyReader(JudgeQuestion, example='{"challenger": 8, "language": "th"}')
WORDS: dict[Verdict, Word] = {"pass": "pass", "fail": "fail", "not enough evidence": "inconclusive"}


class Measurement(Message, frozen=True, kw_only=True):
    """One metric in one language, a family, a script or all; the fields are those of a finding, each a number."""

    metric: str
    language: str
    n: int
    effect: float
    low: float
    high: float
    limit: float
    e_value: float
    e_safe: float


class ArgoAnswer(Message, frozen=True, kw_only=True):
    """What a JSONPath may read."""

    verdict: Word
    model: str
    release: str
    status: str
    champion: int
    challenger: int
    share: float
    exposed: int  # requests of users that the challenger answered
    failed: list[str]
    missing: list[str]
    text: str
    measurement: Measurement | None = None  # where a metric is asked for


def answer(desk: ReleaseDesk, model: str, question: JudgeQuestion) -> ArgoAnswer:
    """Raises `NotFound`, and `InvalidRequest` for an unknown language or metric."""
    release = asked_release(desk, model, question)
    if question.metric:
        return _about_metric(release, _finding(release, question.metric, question.language or ALL))
    verdict, failed, missing = standing(release, language=question.language or None)
    return _answer(release, verdict, failed, missing)


def _about_metric(release: Release, finding: Finding) -> ArgoAnswer:
    """A release that was rolled back fails every question."""
    name = f"{finding.metric} in {finding.language}"
    verdict = FAIL if release.status == "rolled_back" else finding.verdict
    return _answer(
        release,
        verdict,
        [name] * (finding.verdict == FAIL),
        [name] * (finding.verdict == "not enough evidence"),
        Measurement(
            metric=finding.metric,
            language=finding.language,
            n=finding.n,
            effect=finding.effect,
            low=finding.low,
            high=finding.high,
            limit=1.0 if finding.limit is None else finding.limit,
            e_value=finding.e_value,
            e_safe=finding.e_safe,
        ),
    )


def _answer(
    release: Release, verdict: Verdict, failed: list[str], missing: list[str], measurement: Measurement | None = None
) -> ArgoAnswer:
    said = {"pass": "passes", "fail": "fails", "not enough evidence": "has not enough evidence"}[verdict]
    return ArgoAnswer(
        verdict=WORDS[verdict],
        model=release.model,
        release=release.id,
        status=release.status,
        champion=release.champion,
        challenger=release.challenger,
        share=release.share,
        exposed=sum(release.exposed.values()),
        failed=failed,
        missing=missing,
        text=f"{words_of(release)} {said}.",
        measurement=measurement,
    )


def _finding(release: Release, metric: str, language: str) -> Finding:
    """What was found; of a metric that is not judged yet, that nothing is known."""
    if (found := find(release, metric, language)) is not None:
        return found
    names = [one.name for one in METRICS]
    if metric not in names:
        raise InvalidRequest(f"There is no metric {shown(metric)}.", help=suggest(metric, names))
    groups = {one.language for one in release.findings}
    if language not in (ALL, *release.languages, *groups):
        raise InvalidRequest(
            f"Release {release.id} is not judged in {shown(language)}.",
            help=suggest(language, [ALL, *release.languages, *groups]),
        )
    return Finding(
        metric=metric,
        language=language,
        scope="all" if language == ALL else "language",
        n=0,
        effect=0.0,
        low=-1.0,
        high=1.0,
        limit=None,
        e_value=1.0,
        e_safe=1.0,
        verdict="not enough evidence",
    )
