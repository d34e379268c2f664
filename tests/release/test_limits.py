from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragoman.records import Baseline
from dragoman.release.limits import BASELINE_SHARE, agreement_limits, evidence_alpha, upper_bound
from dragoman.spec import MarginsSpec, ReleaseSpec

SPEC = ReleaseSpec(margins=MarginsSpec(agreement=0.02))


def limits_of(texts: int, disagreements: int) -> tuple[float, float]:
    fail, safe = agreement_limits(SPEC, {"th": Baseline(texts=texts, disagreements=disagreements)}, ["th"])
    return float(fail[0]), float(safe[0])


@pytest.mark.parametrize(("successes", "trials", "bound"), [(0, 20, 0.1684), (10, 20, 0.7280), (1, 10, 0.4450)])
def test_the_upper_bound_has_the_known_values_of_clopper_and_pearson(successes, trials, bound):
    assert upper_bound(successes, trials, 0.025) == pytest.approx(bound, abs=5e-5)


@settings(max_examples=30)
@given(st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n - 1), st.just(n))), st.floats(1e-5, 0.2))
def test_under_the_upper_bound_so_few_successes_have_the_probability_of_the_level(counts, level):
    successes, trials = counts
    share = upper_bound(successes, trials, level)
    ways = [math.comb(trials, k) * share**k * (1 - share) ** (trials - k) for k in range(successes + 1)]

    assert sum(ways) == pytest.approx(level, rel=1e-3)


def test_where_every_trial_succeeded_the_upper_bound_is_one():
    assert upper_bound(7, 7, 0.05) == 1.0


def test_with_many_texts_the_limit_is_the_measured_disagreement_plus_the_margin():
    fail, safe = limits_of(100_000, 5_000)

    assert fail == pytest.approx(0.07)
    assert safe == pytest.approx(0.0714, abs=1e-4)


def test_with_few_texts_the_limit_leaves_room_for_their_chance():
    few, many = limits_of(100, 5), limits_of(1_000, 50)

    assert few[0] > many[0] + 0.03
    assert many[0] > 0.07 - 1e-9
    assert few[0] <= few[1]
    assert many[0] <= many[1]


def test_a_language_that_was_not_evaluated_has_the_evaluation_of_all():
    baselines = {"en": Baseline(texts=900, disagreements=40), "de": Baseline(texts=100, disagreements=10)}
    fail, safe = agreement_limits(SPEC, baselines, ["th", "en"])

    together = {"th": Baseline(texts=1_000, disagreements=50), "en": baselines["en"]}
    assert (fail[0], safe[0]) == tuple(row[0] for row in agreement_limits(SPEC, together, ["th", "en"]))


def test_without_any_evaluation_there_is_no_limit():
    fail, safe = agreement_limits(SPEC, {}, ["th"])

    assert np.isnan(fail).all()
    assert np.isnan(safe).all()


def test_an_evaluation_in_which_everything_differs_is_no_licence():
    assert limits_of(50, 50) == (0.3, 0.3)


@pytest.mark.parametrize("texts", [50, 300, 1_000])
def test_all_limits_are_above_the_truth_at_once_as_often_as_they_say(texts):
    """3,000 evaluations of 40 languages whose disagreement is 5%; the luck of 4 standard deviations."""
    names, rng = [f"l{number}" for number in range(40)], np.random.default_rng(1)
    least = min(k for k in range(texts) if limits_within(texts, k, names) >= 0.05)
    wrong = (rng.binomial(texts, 0.05, size=(3_000, 40)) < least).any(axis=1).mean()

    level = SPEC.alpha * BASELINE_SHARE
    assert wrong <= level + 4 * math.sqrt(level / 3_000)


def limits_within(texts: int, disagreements: int, names: list[str]) -> float:
    baselines = dict.fromkeys(names, Baseline(texts=texts, disagreements=disagreements))
    return float(agreement_limits(SPEC, baselines, names).fail[0])


def test_evidence_and_baselines_share_alpha():
    assert evidence_alpha(SPEC) + SPEC.alpha * BASELINE_SHARE == pytest.approx(SPEC.alpha)
