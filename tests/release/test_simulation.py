from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest

from dragoman.errors import InvalidInput
from dragoman.records import Baseline, Simulation
from dragoman.release import play
from dragoman.release.judge import OPEN, Judge
from dragoman.release.limits import Limits, agreement_limits
from dragoman.release.metrics import METRICS
from dragoman.release.requests import draw_requests
from dragoman.release.simulated_plan import Plan
from dragoman.release.simulation import oracle_requests, simulate
from dragoman.release.tally import BINS, Cell, Tally
from dragoman.release.watch import mixed
from dragoman.release.world import Burst, World
from dragoman.spec import MarginsSpec, ReleaseSpec

SPEC = ReleaseSpec(margins=MarginsSpec(latency=0.05), steps=[10, 50, 100], max_hours=72)
LANGUAGES = ["en", "de", "sv", "th"]
SMALL = World(requests_per_day=20_000)


def simulated(**options) -> Simulation:
    given = {"spec": SPEC, "releases": 20, "languages": LANGUAGES, "world": SMALL} | options
    return simulate(given.pop("spec"), **given)


def test_a_healthy_challenger_is_promoted():
    result = simulated()

    assert (result.rollback_rate.value, result.promoted_rate.value) == (0.0, 1.0)
    assert 4 < result.median_hours < 72
    assert result.median_detection_requests is result.oracle_requests is result.exposure_ratio is None
    assert (result.releases, result.languages, result.regress, result.alpha) == (20, 4, {}, 0.05)


def test_a_drop_in_one_language_is_found_before_users_meet_it():
    result = simulated(regress={"th": 0.1}, shares={"th": 0.1})

    assert (result.rollback_rate.value, result.named_rate.value) == (1.0, 1.0)
    assert (result.median_exposed_requests, result.median_exposed_total) == (0.0, 0.0)
    assert 0.5 < result.detection_ratio < 4
    assert result.detection_ratio == pytest.approx(result.median_detection_requests / result.oracle_requests)


def test_without_shadow_some_users_meet_a_drop():
    plan = ReleaseSpec(margins=SPEC.margins, steps=[10, 50, 100], shadow=False)
    result = simulated(spec=plan, regress={"th": 0.3}, shares={"th": 0.1})

    assert result.named_rate.value == 1.0
    assert 0 < result.median_exposed_requests < result.median_detection_requests / 4
    assert result.median_exposed_total > result.median_exposed_requests


def test_a_burst_of_errors_late_in_the_release_rolls_it_back():
    burst = World(requests_per_day=20_000, burst=Burst(hour=9, hours=2, errors=0.2))
    result = simulated(world=burst)

    assert result.rollback_rate.value == 1.0
    assert 9 < result.median_hours < 9.5


def test_what_gets_too_little_traffic_stays_undecided():
    result = simulated(world=World(requests_per_day=500), releases=5)

    assert (result.undecided_rate.value, result.median_hours) == (1.0, 72.0)


def test_pooling_decides_sooner_than_waiting():
    family = {"languages": ["en", "de", "sv"], "world": World(requests_per_day=6_000)}
    waiting, pooling = (
        simulated(spec=msgspec.structs.replace(SPEC, thin=thin), **family).median_hours for thin in ("wait", "pool")
    )

    assert pooling < waiting


def test_harms_at_their_limits_are_rolled_back_at_most_as_often_as_alpha_says():
    result = simulated(world=SMALL._replace(at_limit=True), releases=60, spec=msgspec.structs.replace(SPEC, alpha=0.2))

    assert result.rollback_rate.value <= 0.2 + 3 * math.sqrt(0.2 * 0.8 / 60)
    assert result.promoted_rate.value <= 0.2


@pytest.mark.parametrize("world", [World(cycle=0.8), World(shock=0.3), World(evaluation_texts=100)])
def test_what_is_unusual_but_healthy_is_not_rolled_back(world):
    result = simulated(world=world._replace(requests_per_day=20_000))

    assert result.rollback_rate.value <= 0.05


def test_the_same_seed_gives_the_same_result_and_another_one_does_not():
    one, again, other = (simulated(releases=6, regress={"th": 0.2}, seed=seed) for seed in (1, 1, 2))

    assert msgspec.structs.replace(one, seconds=0.0) == msgspec.structs.replace(again, seconds=0.0)
    assert one.median_detection_requests != other.median_detection_requests


def test_a_result_is_a_record():
    result = simulated(releases=2, regress={"th": 0.01})

    assert msgspec.json.decode(msgspec.json.encode(result), type=Simulation) == result


@pytest.mark.parametrize(
    "options",
    [
        {"regress": {"th": 0.0}},
        {"regress": {"th": 0.95}},
        {"shares": {"th": 1.0}},
        {"shares": {"th": 0.0}},
        {"releases": 0},
    ],
)
def test_what_cannot_be_is_refused(options):
    with pytest.raises(InvalidInput):
        simulated(**options)


@pytest.mark.parametrize(("limit", "share", "power", "requests"), [(0.5, 0.6, 0.8, 152.5), (0.05, 0.1, 0.9, 221.7)])
def test_the_oracle_needs_what_the_textbook_says(limit, share, power, requests):
    assert oracle_requests(limit, share, alpha=0.05, power=power) == pytest.approx(requests, abs=1)


def test_no_number_of_requests_shows_what_is_not_there():
    assert oracle_requests(0.1, 0.1, alpha=0.05, power=0.9) == math.inf


@pytest.mark.parametrize("thin", ["wait", "pool"])
def test_simulated_evidence_is_that_of_the_judge(monkeypatch, thin):
    """Twelve hours of one release: the same counts, put into tallies, give the judge the same e-values."""
    baselines = {name: Baseline(texts=900, disagreements=30 + 9 * place) for place, name in enumerate(LANGUAGES)}
    spec = msgspec.structs.replace(SPEC, thin=thin)
    plan = Plan(spec, SMALL, LANGUAGES, shares=np.array([0.4, 0.3, 0.2, 0.1]), drops=np.array([0, 0, 0, 0.02]))
    limits = agreement_limits(spec, baselines, [*LANGUAGES, ""])
    monkeypatch.setattr(plan, "draw_limits", lambda releases, rng: Limits(*(row[None] for row in limits)))
    tallies = {Cell(metric.name, name, 0): Tally() for metric in METRICS for name in LANGUAGES}

    def drawn(plan, *arguments, **options):
        come = draw_requests(plan, *arguments, **options)
        for cell, tally in tallies.items():
            counts = np.zeros(BINS, dtype=np.int64)
            counts[plan.places[cell.metric]] = come.counts[cell.metric][0, LANGUAGES.index(cell.language)]
            tally.merge(Tally(counts))
        return come

    monkeypatch.setattr(play, "draw_requests", drawn)
    stage, judge = play.Stage(plan, 1, np.random.default_rng(0)), Judge(spec, baselines, LANGUAGES)
    for block in range(12):
        judge.findings(tallies, hours=block)
        stage.play_block(block)
    findings = [one for one in judge.findings(tallies, hours=11.99) if one.scope in ("language", "all")]

    simulated_harm = mixed(stage._live.harm, stage._live.starts, stage._spent, first=plan.first)[0]
    judged = {(one.metric, one.language): one for one in findings}
    for row, metric in enumerate(METRICS):
        logs = [math.log(judged[metric.name, name].e_value) for name in (*LANGUAGES, "all")]
        assert simulated_harm[row] == pytest.approx(logs, abs=1e-6)
    passed = stage._passed()[0]
    for row, place in enumerate(plan.required):
        verdicts = [judged[METRICS[place].name, name].verdict != OPEN for name in (*LANGUAGES, "all")]
        assert thin == "pool" or passed[row].tolist() == verdicts
