from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.monitoring.drift.mean import Mean
from dragoman.monitoring.drift.split import split_change

MEAN = st.builds(Mean, n=st.integers(0, 5_000), mean=st.floats(-50, 50), variance=st.floats(0, 100))
PERIOD = st.dictionaries(st.sampled_from(["ar", "de", "sw", "th", "zh"]), MEAN, min_size=1)


def total(period: dict[str, Mean]) -> float:
    return sum(one.n * one.mean for one in period.values()) / sum(one.n for one in period.values())


@given(PERIOD, PERIOD)
def test_both_parts_add_up_to_the_change_and_languages_to_the_parts(before, after):
    split = split_change(before, after)

    if split is None:
        assert not all(sum(one.n for one in period.values()) for period in (before, after))
        return
    assert split.mix + split.within == pytest.approx(total(after) - total(before), abs=1e-9)
    assert sum(one.mix for one in split.languages) == pytest.approx(split.mix, abs=1e-9)
    assert sum(one.within for one in split.languages) == pytest.approx(split.within, abs=1e-9)


@given(PERIOD, PERIOD)
def test_backwards_everything_has_the_other_sign(before, after):
    there, back = split_change(before, after), split_change(after, before)

    assert (there is None) == (back is None)
    if there is not None:
        assert back.mix == pytest.approx(-there.mix, abs=1e-9)
        assert back.within == pytest.approx(-there.within, abs=1e-9)
        assert back.mix_error == pytest.approx(there.mix_error)


def test_other_shares_of_the_same_means_are_mix_alone():
    before = {"de": Mean(n=500, mean=0.9), "th": Mean(n=500, mean=0.5)}
    after = {"de": Mean(n=250, mean=0.9), "th": Mean(n=750, mean=0.5)}

    split = split_change(before, after)

    assert split.mix == pytest.approx(-0.1)
    assert split.within == pytest.approx(0.0)
    assert [part.language for part in split.languages if part.mix < 0] == ["de", "th"]


def test_another_mean_of_the_same_shares_is_within_alone():
    before = {"de": Mean(n=500, mean=0.9), "th": Mean(n=500, mean=0.7)}
    after = {"de": Mean(n=100, mean=0.9), "th": Mean(n=100, mean=0.5)}

    split = split_change(before, after)

    assert split.mix == pytest.approx(0.0)
    assert split.within == pytest.approx(-0.1)
    assert split.languages[0].language == "th"


def test_a_language_that_is_new_or_gone_is_mix():
    before = {"de": Mean(n=500, mean=0.9), "sw": Mean(n=500, mean=0.5)}
    after = {"de": Mean(n=500, mean=0.9), "th": Mean(n=500, mean=0.1)}

    split = split_change(before, after)

    assert split.mix == pytest.approx(-0.2)
    assert split.within == 0.0
    assert {part.language: (part.before, part.after) for part in split.languages}["th"] == (None, 0.1)


@pytest.mark.parametrize(("before", "after"), [(500, 500), (20_000, 1_000)])
def test_95_percent_of_intervals_hold_what_was_planted(before, after):
    chance = np.random.default_rng(1)
    shares, moved = np.array([0.5, 0.3, 0.2]), np.array([0.3, 0.3, 0.4])
    means, changed = np.array([0.9, 0.8, 0.7]), np.array([0.9, 0.65, 0.7])
    mix = float((moved - shares) @ (means + changed) / 2)
    within = float((changed - means) @ (moved + shares) / 2)

    def drawn(texts: int, own: np.ndarray, rates: np.ndarray) -> dict[str, Mean]:
        n = chance.multinomial(texts, own)
        return {str(k): Mean.of_share(int(n[k]), int(chance.binomial(n[k], rates[k]))) for k in range(3)}

    splits = [split_change(drawn(before, shares, means), drawn(after, moved, changed)) for _ in range(600)]

    assert np.mean([one.mix for one in splits]) == pytest.approx(mix, abs=0.002)
    assert np.mean([one.within for one in splits]) == pytest.approx(within, abs=0.003)
    for truth, ends in ((mix, "mix_interval"), (within, "within_interval")):
        covered = [getattr(one, ends)[0] <= truth <= getattr(one, ends)[1] for one in splits]
        assert np.mean(covered) == pytest.approx(0.95, abs=0.03)


def test_the_error_of_a_languages_parts_is_that_of_many_samples():
    chance = np.random.default_rng(1)
    shares, means = np.array([0.7, 0.3]), np.array([0.9, 0.6])

    def drawn() -> dict[str, Mean]:
        n = chance.multinomial(1_000, shares)
        return {str(k): Mean.of_share(int(n[k]), int(chance.binomial(n[k], means[k]))) for k in range(2)}

    parts = [{part.language: part for part in split_change(drawn(), drawn()).languages}["1"] for _ in range(500)]

    for value, error in (("mix", "mix_error"), ("within", "within_error")):
        seen = np.std([getattr(part, value) for part in parts])
        assert np.mean([getattr(part, error) for part in parts]) == pytest.approx(seen, rel=0.12)


def test_a_period_without_texts_cannot_be_compared():
    assert split_change({}, {"de": Mean(n=5, mean=0.5)}) is None
    assert split_change({"de": Mean(n=5, mean=0.5)}, {"de": Mean(n=0)}) is None
