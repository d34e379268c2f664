"""From findings to what a release may do next."""

from __future__ import annotations

from collections.abc import Sequence

from dragoman.records import Decision, Finding
from dragoman.release.families import group_of
from dragoman.release.judge import ALL, FAIL, PASS
from dragoman.release.metrics import metric_named
from dragoman.spec import ReleaseSpec

__all__ = ["SUSPECT", "WHOLE", "decide", "last_split", "required_findings", "required_scope"]

WHOLE = 100.0  # percent
SUSPECT = 10.0  # e-value of harm with which a language is judged by itself or not at all


def decide(findings: Sequence[Finding], spec: ReleaseSpec, *, percent: float) -> Decision:
    """Whether a release at a step of `percent` may go on to the next one.

    A failed finding rolls it back. It goes on when every finding that the step requires has passed. What has too little
    evidence is never passed over: the release waits, or asks a person, or, where the spec pools, takes the finding of
    the language's family or script, if the language alone does not speak against it.
    """
    if failed := [finding for finding in findings if finding.verdict == FAIL]:
        return Decision(action="roll back", failed=failed)
    missing = [finding for finding in required_findings(findings, spec, percent=percent) if finding.verdict != PASS]
    pooled = _passed_pooled(missing, findings) if spec.thin == "pool" else []
    still_open = [finding for finding in missing if finding not in pooled]
    action = "go on" if not still_open else "ask" if spec.thin == "ask" else "wait"
    return Decision(action=action, open=still_open, pooled=pooled)


def required_findings(findings: Sequence[Finding], spec: ReleaseSpec, *, percent: float) -> list[Finding]:
    """The findings that must pass before a release leaves a step of `percent`.

    Paired metrics must pass in every language from the first step on, since both versions answer every request. What
    only users' requests show must pass over all languages while few users see the challenger, and in every language
    at the last step at which the champion still answers some of them. Behind that step it has passed, and no request
    can say anything new of it: it is not asked for again.
    """
    return [
        finding
        for finding in findings
        if finding.metric in spec.required and finding.scope == required_scope(finding.metric, spec, percent)
    ]


def required_scope(metric: str, spec: ReleaseSpec, percent: float) -> str:
    """The scope in which a metric must pass at a step of `percent`; empty where nothing can be known yet."""
    if metric_named(metric).paired:
        return "language"
    if percent == 0:
        return ""
    last = last_split(spec)
    if percent > last:
        return ""
    return "language" if percent == last else ALL


def last_split(spec: ReleaseSpec) -> float:
    """The last step, in percent, at which the champion still answers users; 100 where a plan has none."""
    return max((step for step in spec.steps if step < WHOLE), default=WHOLE)


def _passed_pooled(missing: Sequence[Finding], findings: Sequence[Finding]) -> list[Finding]:
    """Those whose family or script passes, and which alone are no suspects."""
    passed = {(other.metric, other.scope, other.language) for other in findings if other.verdict == PASS}
    languages = list(dict.fromkeys(other.language for other in findings if other.scope == "language"))
    groups = {finding.language: group_of(finding.language, languages) for finding in missing}
    return [
        finding
        for finding in missing
        if finding.scope == "language"
        and finding.e_value < SUSPECT
        and (group := groups[finding.language])
        and (finding.metric, group.scope, group.name) in passed
    ]
