from __future__ import annotations

from typing import Any

import msgspec
import pytest

from dragoman.api.fakes import fake_release
from dragoman.records import Finding, GateResult
from dragoman.release.standing import find, standing
from dragoman.spec import ReleaseSpec

REQUIRED = ("errors", "latency", "agreement")


def finding(metric: str, language: str, verdict: Any = "pass", *, scope: str = "language") -> Finding:
    return Finding(
        metric=metric,
        language=language,
        scope=scope,
        n=100,
        effect=0.0,
        low=-0.1,
        high=0.1,
        limit=0.02,
        e_value=1.0,
        e_safe=30.0,
        verdict=verdict,
    )


def findings(**verdicts: Any) -> list[Finding]:
    """All that the plan requires has passed; `th_errors="fail"` says otherwise."""
    return [
        finding(metric, language, verdicts.get(f"{language}_{metric}", "pass"))
        for metric in REQUIRED
        for language in ("de", "th")
    ]


def test_a_release_passes_when_all_that_is_required_is_shown_in_every_language():
    assert standing(fake_release(findings=findings())) == ("pass", [], [])


def test_a_language_without_enough_evidence_is_named():
    release = fake_release(findings=findings(th_agreement="not enough evidence"))
    assert standing(release) == ("not enough evidence", [], ["agreement in th"])


def test_one_failed_finding_fails_the_release_whatever_the_rest_says():
    release = fake_release(findings=[*findings(), finding("confidence", "th", "fail")])
    assert standing(release) == ("fail", ["confidence in th"], [])


def test_a_metric_that_is_not_required_may_stay_open():
    release = fake_release(findings=[*findings(), finding("quality", "th", "not enough evidence")])
    assert standing(release).verdict == "pass"


def test_a_language_of_the_plan_that_nothing_was_found_of_is_missing():
    release = fake_release(languages=["de", "th", "sw"], findings=findings())
    assert standing(release).missing == [f"{metric} in sw" for metric in REQUIRED]


def test_a_language_can_be_asked_for_alone():
    release = fake_release(findings=findings(th_agreement="fail"))
    assert standing(release, language="de").verdict == "pass"
    assert standing(release, language="th") == ("fail", ["agreement in th"], [])


def test_what_a_person_accepted_is_not_missing():
    release = fake_release(findings=findings(th_agreement="not enough evidence"), accepted=["th"])
    assert standing(release).verdict == "pass"


def test_a_language_that_is_judged_with_its_family_is_not_missing():
    plan = msgspec.to_builtins(ReleaseSpec(thin="pool", required=["agreement"]))
    thin = [finding("agreement", "nl", "not enough evidence"), finding("agreement", "de")]
    release = fake_release(plan=plan, languages=["nl", "de"], findings=thin)
    assert standing(release).missing == ["agreement in nl"]
    family = finding("agreement", "Germanic", scope="family")
    assert standing(msgspec.structs.replace(release, findings=[*thin, family])).verdict == "pass"


def test_a_failed_gate_fails_the_release_and_the_languages_that_it_is_about():
    gates = [GateResult(gate="forgetting", language="th", verdict="fail", text="Thai fell")]
    release = fake_release(gates=gates, findings=findings())
    assert standing(release).failed == ["gate forgetting in th"]
    assert standing(release, language="de").verdict == "pass"


@pytest.mark.parametrize("status", ["checking", "waiting"])
def test_a_release_that_has_not_begun_never_passes(status):
    plan = msgspec.to_builtins(ReleaseSpec(required=[]))
    release = fake_release(status=status, step=-1, share=0.0, plan=plan)
    assert standing(release) == ("not enough evidence", [], ["the gates before traffic"])


@pytest.mark.parametrize(("status", "verdict"), [("promoted", "pass"), ("rolled_back", "fail")])
def test_a_release_that_has_ended_keeps_its_verdict(status, verdict):
    assert standing(fake_release(status=status)).verdict == verdict
    assert standing(fake_release(status=status), language="th").verdict == verdict


def test_a_finding_is_found_by_metric_and_language():
    release = fake_release(findings=findings())
    assert find(release, "errors", "th") == finding("errors", "th")
    assert find(release, "errors", "sw") is None
