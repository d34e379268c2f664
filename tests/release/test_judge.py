from __future__ import annotations

import math

import numpy as np
import pytest

from dragoman.errors import InvalidInput
from dragoman.records import Baseline, Finding
from dragoman.release.judge import FAIL, OPEN, PASS, Judge, judge, plan_steps
from dragoman.release.metrics import METRICS
from dragoman.release.tally import BINS, Cell, Tally
from dragoman.spec import MarginsSpec, ReleaseSpec

SPEC = ReleaseSpec(margins=MarginsSpec(errors=0.05), steps=[10, 50, 100])
LANGUAGES = ["de", "sv", "th"]
BASELINES = dict.fromkeys(LANGUAGES, Baseline(texts=2_000, disagreements=100))


def tally_of(worse: int, requests: int, better: int = 0) -> Tally:
    counts = np.zeros(BINS)
    counts[[BINS - 1, 0, BINS // 2]] = worse, better, requests - worse - better
    return Tally(counts)


def world(worse: dict[str, int], *, metric: str = "agreement", requests: int = 2_000, step: int = 0):
    return {Cell(metric, name, step): tally_of(count, requests) for name, count in worse.items()}


def row(findings: list[Finding], metric: str, language: str) -> Finding:
    (found,) = [one for one in findings if (one.metric, one.language) == (metric, language)]
    return found


def test_a_language_whose_labels_differ_too_often_fails_and_the_others_pass():
    findings = judge(world({"de": 100, "sv": 110, "th": 500}), SPEC, BASELINES, LANGUAGES)

    assert [row(findings, "agreement", name).verdict for name in LANGUAGES] == [PASS, PASS, FAIL]
    thai = row(findings, "agreement", "th")
    assert (thai.n, thai.effect, thai.scope, thai.basis) == (2_000, 0.25, "language", "evaluation")
    assert 0.05 < thai.limit < thai.low < 0.25 < thai.high
    assert thai.e_value > 1e6
    assert thai.e_safe < 1e-6


def test_a_language_without_requests_is_not_enough_evidence():
    findings = judge(world({"de": 100, "sv": 100}), SPEC, BASELINES, LANGUAGES)

    thai = row(findings, "agreement", "th")
    assert (thai.verdict, thai.n, thai.effect, thai.low, thai.high) == (OPEN, 0, 0.0, 0.0, 1.0)
    assert (thai.e_value, thai.e_safe) == (pytest.approx(1.0), pytest.approx(1.0))
    assert {one.verdict for one in findings if one.metric == "quality"} == {OPEN}


def test_there_is_a_finding_for_every_metric_and_language_and_one_for_all_of_them():
    findings = judge({}, SPEC, BASELINES, LANGUAGES)

    names = [metric.name for metric in METRICS]
    assert [(one.metric, one.language) for one in findings] == [(m, n) for m in names for n in ("all", *LANGUAGES)]


def test_a_margin_is_the_limit_of_what_has_no_baseline():
    errors = row(judge({}, SPEC, BASELINES, LANGUAGES), "errors", "th")

    assert (errors.limit, errors.safe_limit, errors.basis) == (0.05, 0.05, "margin")


def test_agreement_is_not_judged_without_any_evaluation():
    thai = row(judge(world({"th": 1_900}), SPEC, {}, LANGUAGES), "agreement", "th")

    assert (thai.verdict, thai.limit, thai.safe_limit, thai.n, thai.basis) == (OPEN, None, None, 0, "")


def test_a_language_that_was_not_evaluated_says_what_its_limit_rests_on():
    thai = row(judge({}, SPEC, {"de": Baseline(texts=100, disagreements=5)}, LANGUAGES), "agreement", "th")

    assert (thai.basis, thai.limit is None) == ("evaluation of all languages", False)


def test_a_limit_from_recent_traffic_says_so():
    recent = {"th": Baseline(texts=300, disagreements=45, source="traffic")}
    thai = row(judge({}, SPEC, recent, LANGUAGES), "agreement", "th")

    assert thai.basis == "recent traffic"
    assert thai.limit >= 0.15


def test_steps_and_replicas_add():
    one = world({"th": 30}, requests=400) | world({"th": 20}, requests=300, step=1)

    assert judge(one, SPEC, BASELINES, LANGUAGES) == judge(world({"th": 50}, requests=700), SPEC, BASELINES, LANGUAGES)


def test_what_is_harmful_in_every_language_fails_over_all_of_them_first():
    findings = judge(world(dict.fromkeys(LANGUAGES, 36), metric="errors", requests=400), SPEC, BASELINES, LANGUAGES)

    everything = row(findings, "errors", "all")
    assert (everything.verdict, everything.scope, everything.n, everything.limit) == (FAIL, "all", 1_200, 0.05)
    assert {row(findings, "errors", name).verdict for name in LANGUAGES} == {OPEN}


def test_a_language_that_is_not_listed_counts_over_all_languages_only():
    findings = judge(world({"xx": 900, "de": 50}, metric="errors", requests=1_000), SPEC, BASELINES, LANGUAGES)

    assert row(findings, "errors", "all").n == 2_000
    assert row(findings, "errors", "all").verdict == FAIL
    assert {one.language for one in findings} == {"all", *LANGUAGES}


def test_another_mix_of_languages_is_no_evidence():
    """Thai disagrees more often by nature; as all requests become Thai, nothing is wrong."""
    baselines = BASELINES | {"th": Baseline(texts=2_000, disagreements=400)}
    findings = judge(world({"th": 4_000}, requests=20_000), SPEC, baselines, LANGUAGES)

    everything = row(findings, "agreement", "all")
    assert (everything.effect, everything.verdict) == (0.2, PASS)
    assert everything.limit == pytest.approx(row(findings, "agreement", "th").limit)


def test_families_are_there_where_the_spec_pools_and_never_fail():
    pooling = ReleaseSpec(margins=SPEC.margins, thin="pool")
    findings = judge(world({"de": 60, "sv": 900}, metric="errors", requests=1_000), pooling, BASELINES, LANGUAGES)

    family = row(findings, "errors", "Germanic")
    assert (family.scope, family.n, family.verdict) == ("family", 2_000, OPEN)
    assert family.e_value > 1e6
    assert row(findings, "errors", "sv").verdict == FAIL


def test_harm_that_begins_after_a_day_is_found_by_a_judge_that_is_asked_every_hour():
    asked, once = Judge(SPEC, BASELINES, LANGUAGES), Judge(SPEC, BASELINES, LANGUAGES)
    for hour in range(24):
        asked.findings(world({"de": 0}, metric="errors", requests=1_000 * hour), hours=hour)
    late = world({"de": 100}, metric="errors", requests=23_200)

    assert row(asked.findings(late, hours=23.5), "errors", "de").verdict == FAIL
    assert row(once.findings(late, hours=23.5), "errors", "de").verdict == PASS


@pytest.mark.parametrize("cell", [Cell("beauty", "th", 0), Cell("errors", "th", 4), Cell("errors", "th", -1)])
def test_a_tally_that_is_not_of_the_plan_is_refused(cell):
    with pytest.raises(InvalidInput, match=f"tally of '{cell.metric}' at step {cell.step}"):
        judge({cell: Tally()}, SPEC, BASELINES, LANGUAGES)


def test_the_steps_of_a_plan_begin_with_shadow():
    assert plan_steps(SPEC) == [0, 10, 50, 100]
    assert plan_steps(ReleaseSpec(steps=[5, 100], shadow=False)) == [5, 100]


def test_a_healthy_challenger_at_its_limits_is_failed_at_most_as_often_as_alpha_says():
    """60 releases, looked at 8 times: every harm is exactly at its limit."""
    rng, spec, releases = np.random.default_rng(4), ReleaseSpec(alpha=0.2, margins=SPEC.margins), 60
    judged = Judge(spec, BASELINES, LANGUAGES)
    limits = {(one.metric, one.language): one.limit for one in judged.findings({}) if one.scope == "language"}
    failed = sum(ever_fails(judged, limits, rng) for _ in range(releases))

    assert failed / releases <= spec.alpha + 3 * math.sqrt(spec.alpha * (1 - spec.alpha) / releases)


def ever_fails(judged: Judge, limits: dict[tuple[str, str], float], rng: np.random.Generator) -> bool:
    tallies = {Cell(metric, name, 0): Tally() for metric, name in limits}
    for _ in range(8):
        for (metric, name), limit in limits.items():
            tallies[Cell(metric, name, 0)].merge(tally_of(rng.binomial(100, limit), 100))
        if any(one.verdict == FAIL for one in judged.findings(tallies)):
            return True
    return False
