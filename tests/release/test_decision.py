from __future__ import annotations

import pytest

from dragoman.records import Finding
from dragoman.release.decision import decide, required_findings
from dragoman.release.judge import FAIL, OPEN, PASS
from dragoman.spec import ReleaseSpec

SPEC = ReleaseSpec(steps=[5, 50, 100])
LANGUAGES = ["de", "sv", "th"]


def finding(
    metric: str, language: str, verdict: str = PASS, *, scope: str = "language", e_value: float = 0.5
) -> Finding:
    return Finding(
        metric=metric, language=language, scope=scope, verdict=verdict, e_value=e_value,
        n=10, effect=0.0, low=-1.0, high=1.0, limit=0.02, e_safe=1.0,
    )  # fmt: skip


def world(**verdicts: str) -> list[Finding]:
    """All pass but for what is named as METRIC_LANGUAGE."""
    metrics = ("errors", "latency", "agreement", "quality")
    scopes = {"all": "all", "Germanic": "family"}
    return [
        finding(metric, name, verdicts.get(f"{metric}_{name}", PASS), scope=scopes.get(name, "language"))
        for metric in metrics
        for name in ("all", *LANGUAGES, "Germanic")
    ]


@pytest.mark.parametrize("percent", [0, 5, 50, 100])
def test_a_release_goes_on_when_everything_required_has_passed(percent):
    decision = decide(world(quality_th=OPEN), SPEC, percent=percent)

    assert (decision.action, decision.failed, decision.open, decision.pooled) == ("go on", [], [], [])


def test_a_failed_finding_rolls_back_even_where_it_is_not_required():
    decision = decide(world(quality_th=FAIL, errors_de=OPEN), SPEC, percent=5)

    assert decision.action == "roll back"
    assert [(one.metric, one.language) for one in decision.failed] == [("quality", "th")]


@pytest.mark.parametrize(("thin", "action"), [("wait", "wait"), ("ask", "ask")])
def test_too_little_evidence_waits_or_asks(thin, action):
    decision = decide(world(agreement_th=OPEN), ReleaseSpec(thin=thin), percent=0)

    assert decision.action == action
    assert [(one.metric, one.language) for one in decision.open] == [("agreement", "th")]


def test_a_language_that_was_never_seen_is_never_passed_over():
    seen = [one for one in world() if one.language != "th"]
    unseen = [finding("errors", "th", OPEN), finding("agreement", "th", OPEN)]

    assert decide(seen + unseen, SPEC, percent=0).action == "wait"


def test_a_thin_language_passes_with_its_family_where_the_spec_pools():
    decision = decide(world(agreement_de=OPEN), ReleaseSpec(thin="pool"), percent=0)

    assert decision.action == "go on"
    assert [(one.metric, one.language) for one in decision.pooled] == [("agreement", "de")]


@pytest.mark.parametrize("verdicts", [{"agreement_th": OPEN}, {"agreement_de": OPEN, "agreement_Germanic": OPEN}])
def test_pooling_needs_relatives_that_pass(verdicts):
    assert decide(world(**verdicts), ReleaseSpec(thin="pool"), percent=0).action == "wait"


def test_a_suspect_is_not_passed_with_its_family():
    findings = [one for one in world() if (one.metric, one.language) != ("errors", "de")]
    suspect = finding("errors", "de", OPEN, e_value=15.0)

    assert decide([*findings, suspect], ReleaseSpec(thin="pool"), percent=0).open == [suspect]


@pytest.mark.parametrize(("percent", "languages"), [(0, []), (5, ["all"]), (50, LANGUAGES), (100, [])])
def test_what_only_users_see_is_required_as_far_as_users_saw_it(percent, languages):
    required = required_findings(world(), SPEC, percent=percent)

    assert [one.language for one in required if one.metric == "latency"] == languages
    assert [one.language for one in required if one.metric == "errors"] == LANGUAGES


def test_what_has_passed_while_the_champion_answered_users_cannot_hold_up_the_last_step():
    findings = world(latency_th=OPEN)

    assert decide(findings, SPEC, percent=50).action == "wait"
    assert decide(findings, SPEC, percent=100).action == "go on"


def test_a_plan_of_one_step_needs_every_language_at_it():
    required = required_findings(world(), ReleaseSpec(steps=[100]), percent=100)

    assert [one.language for one in required if one.metric == "latency"] == LANGUAGES
