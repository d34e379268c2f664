"""A remote judge for Kayenta.

With a model in `judgeConfigurations` it answers from what the requests of the model's release have shown. With bounds
of Kayenta's own metrics it judges their points by betting. What has too little evidence is never a pass: it is
"Nodata", and the score of the analysis lies between marginal and pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dragoman.api.body import BodyReader
from dragoman.api.judge_question import JudgeQuestion, asked_release, words_of
from dragoman.api.kayenta_messages import (
    Classification,
    Classified,
    GroupScore,
    JudgeAnswer,
    JudgeConfigurations,
    JudgeRequest,
    MetricResult,
    Thresholds,
)
from dragoman.api.kayenta_points import judge_pairs
from dragoman.api.release_desk import ReleaseDesk
from dragoman.records import Finding, GateResult, Release, Verdict
from dragoman.release.judge import FAIL, OPEN, PASS
from dragoman.release.standing import standing

__all__ = ["JUDGE_NAME", "REQUEST", "answer"]

JUDGE_NAME = "Dragoman-v1.0"
REQUEST = BodyReader(
    JudgeRequest,
    example='{"canaryConfig": {"judge": {"name": "RemoteJudge-v1.0", "judgeConfigurations": {"model": "support"}}, '
    '"metrics": []}, "scoreThresholds": {"pass": 95, "marginal": 75}, "metricSetPairList": []}',
)
BEST, WORST = 100.0, 0.0
VERDICTS: dict[Classification, Verdict] = {"Pass": PASS, "High": FAIL, "Low": FAIL, "Nodata": OPEN}
CLASSIFICATIONS: dict[Verdict, Classification] = {PASS: "Pass", FAIL: "High", OPEN: "Nodata"}


def answer(desk: ReleaseDesk, request: JudgeRequest) -> JudgeAnswer:
    """Raises `NotFound`, and `InvalidRequest` for bounds or points that are none."""
    given = request.canary_config.judge.judge_configurations
    results: list[MetricResult] = []
    verdicts: list[tuple[Verdict, str]] = []
    if given.model:
        verdict, said, found = _from_release(desk, given)
        results, verdicts = found, [(verdict, said)]
    if given.metrics or not given.model:
        judged = judge_pairs(request.metric_set_pair_list, request.canary_config.metrics, given)
        results = [*results, *judged]
        verdicts.append(_of_points(judged))
    verdict = _worst(one for one, _ in verdicts)
    return JudgeAnswer(
        judge_name=JUDGE_NAME,
        results=results,
        group_scores=_group_scores(results, request.score_thresholds),
        score=_scored(verdict, request.score_thresholds, " ".join(said for _, said in verdicts)),
    )


# Scores -------------------------------------------------------------------------------------------------------------


def _scored(verdict: Verdict, thresholds: Thresholds, reason: str) -> Classified:
    """Score and classification: Kayenta goes on above marginal and passes at pass, so "not enough" stands between.

    Where the thresholds leave no room between them, it is a failure.
    """
    room = thresholds.marginal < thresholds.passing
    if verdict == PASS:
        return Classified(score=BEST, classification="Pass", classification_reason=reason)
    if verdict == OPEN and room:
        between = (thresholds.marginal + thresholds.passing) / 2
        return Classified(score=between, classification="Marginal", classification_reason=reason)
    return Classified(score=WORST, classification="Fail", classification_reason=reason)


def _group_scores(results: Sequence[MetricResult], thresholds: Thresholds) -> list[GroupScore]:
    """A group is as good as its worst metric. Groups have no weights: a metric that fails is not outvoted."""
    groups = dict.fromkeys(group for one in results for group in one.groups)
    return [_group_score(group, [one for one in results if group in one.groups], thresholds) for group in groups]


def _group_score(name: str, results: Sequence[MetricResult], thresholds: Thresholds) -> GroupScore:
    words = [one.classification for one in results]
    reason = ", ".join(f"{words.count(word)} {word}" for word in dict.fromkeys(words))
    verdict = _worst(VERDICTS[one.classification] for one in results if not one.muted)
    scored = _scored(verdict, thresholds, reason)
    return GroupScore(name=name, score=scored.score, classification=scored.classification, classification_reason=reason)


def _worst(verdicts: Iterable[Verdict]) -> Verdict:
    """One that fails decides; without any there is nothing to pass."""
    found = set(verdicts) or {OPEN}
    worst: Verdict = FAIL if FAIL in found else OPEN if OPEN in found else PASS
    return worst


def _of_points(results: Sequence[MetricResult]) -> tuple[Verdict, str]:
    counted = [one for one in results if not one.muted]
    verdict = _worst(VERDICTS[one.classification] for one in counted)
    named = [one.name for one in counted if VERDICTS[one.classification] == verdict]
    return verdict, f"Points of {', '.join(named) or 'no metric'}: {verdict}."


# A release ----------------------------------------------------------------------------------------------------------


def _from_release(desk: ReleaseDesk, given: JudgeConfigurations) -> tuple[Verdict, str, list[MetricResult]]:
    question = JudgeQuestion(release=given.release, challenger=given.challenger, language=given.language)
    release = asked_release(desk, given.model, question)
    verdict, failed, missing = standing(release, language=given.language or None)
    why = failed or missing
    said = f"{words_of(release)}: {verdict}" + (f": {', '.join(why)}." if why else ".")
    languages = ("all", *release.languages) if not given.language else (given.language,)
    gates = [_gate_result(release, one) for one in release.gates if one.language in ("", *languages)]
    judged = [one for one in release.findings if one.language in languages and one.limit is not None]
    return verdict, said, [*gates, *(_finding_result(release, one) for one in judged)]


def _finding_result(release: Release, finding: Finding) -> MetricResult:
    measured = {name: getattr(finding, name) for name in ("n", "effect", "low", "high", "limit", "e_value", "e_safe")}
    return MetricResult(
        name=f"{finding.metric} in {finding.language}",
        id=f"{release.id}:{finding.metric}:{finding.language}",
        tags={"metric": finding.metric, "language": finding.language},
        classification=CLASSIFICATIONS[finding.verdict],
        classification_reason=_sentence(finding),
        groups=[finding.metric],
        experiment_metadata={"stats": {"count": finding.n, "mean": finding.effect}},
        control_metadata={"stats": {"count": finding.n, "mean": 0.0}},  # harm is counted from the champion
        result_metadata=measured,
    )


def _sentence(finding: Finding) -> str:
    return (
        f"{finding.verdict}: mean harm {finding.effect:.4f}, {finding.low:.4f} to {finding.high:.4f}, limit "
        f"{finding.limit:.4f}, n = {finding.n}, e-value {finding.e_value:.3g} of harm, {finding.e_safe:.3g} of safety"
    )


def _gate_result(release: Release, gate: GateResult) -> MetricResult:
    where = f" in {gate.language}" if gate.language else ""
    return MetricResult(
        name=f"gate {gate.gate}{where}",
        id=f"{release.id}:gate:{gate.gate}:{gate.language}",
        tags={"gate": gate.gate} | ({"language": gate.language} if gate.language else {}),
        classification=CLASSIFICATIONS[gate.verdict],
        classification_reason=gate.text or gate.verdict,
        groups=["gates before traffic"],
        experiment_metadata={"stats": {"count": gate.n, "mean": gate.challenger or 0.0}},
        control_metadata={"stats": {"count": gate.n, "mean": gate.champion or 0.0}},
        result_metadata={"limit": gate.limit},
    )
