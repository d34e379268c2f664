from __future__ import annotations

from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.release.paired import (
    Pairs,
    binomial_tail,
    drop_interval,
    drop_p_value,
    refuted,
    smallest_detectable_drop,
)


@pytest.mark.parametrize(
    ("pairs", "low", "high"),
    [
        (Pairs(1, 1, 7, 12), -0.507, -0.026),  # Fagerland, Lydersen and Laake (2014), airway hyper-responsiveness
        (Pairs(14, 5, 0, 22), 0.011, 0.226),  # Altman et al. (2000), table 6.2
        (Pairs(36, 12, 2, 0), 0.057, 0.340),  # an example of Newcombe (1998b)
    ],
)
def test_the_interval_of_a_drop_has_its_published_values(pairs: Pairs, low: float, high: float) -> None:
    found = drop_interval(pairs, level=0.95)

    assert (found.low, found.high) == pytest.approx((low, high), abs=6e-4)
    assert (found.value, found.n, found.level) == (pairs.drop, sum(pairs), 0.95)


@given(st.tuples(*[st.integers(0, 60)] * 4).filter(any))
def test_the_interval_holds_its_estimate_and_mirrors(counts: tuple[int, int, int, int]) -> None:
    pairs = Pairs(*counts)
    found = drop_interval(pairs, level=0.9)
    mirror = drop_interval(Pairs(pairs.both, pairs.gained, pairs.lost, pairs.neither), level=0.9)

    assert -1 <= found.low <= found.value + 1e-12
    assert found.value - 1e-12 <= found.high <= 1
    assert (found.low, found.high) == pytest.approx((-mirror.high, -mirror.low))


@pytest.mark.parametrize(("n", "drop"), [(40, 0.0), (115, 0.0), (115, 0.05), (1_000, 0.03)])
def test_either_end_of_the_interval_errs_in_a_twentieth_of_cases(n: int, drop: float) -> None:
    lost, gained = (0.08 + drop) / 2, (0.08 - drop) / 2
    tables = np.random.default_rng(5).multinomial(n, [0.91 - lost, lost, gained, 0.09 - gained], size=1_500)
    found = [drop_interval(Pairs(*row), level=0.9) for row in tables.tolist()]

    assert np.mean([one.high < drop for one in found]) < 0.075
    assert np.mean([one.low > drop for one in found]) < 0.075


@given(st.integers(1, 40).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.02, 0.98))
def test_the_tail_is_the_sum_of_its_terms(counts: tuple[int, int], share: float) -> None:
    most, n = counts
    expected = sum(comb(n, k) * share**k * (1 - share) ** (n - k) for k in range(most + 1))

    assert binomial_tail(most, n, share) == pytest.approx(expected, rel=1e-9, abs=1e-13)


def test_long_tails_are_exact_too() -> None:
    expected = float(sum(comb(4_000, k) for k in range(1_901)) / 2**4_000)

    assert binomial_tail(1_900, 4_000, 0.5) == pytest.approx(expected, rel=1e-9)
    assert binomial_tail(4_000, 4_000, 0.5) == 1.0


def test_lost_texts_are_judged_against_a_fair_coin() -> None:
    assert drop_p_value(Pairs(100, 9, 1, 5)) == pytest.approx(11 / 1_024)
    assert drop_p_value(Pairs(100, 0, 0, 5)) == 1.0


def test_the_detectable_drop_is_found_with_its_power() -> None:
    drop = smallest_detectable_drop(400, different=0.08, alpha=0.05, power=0.8)
    lost, gained = (0.08 + drop) / 2, (0.08 - drop) / 2
    tables = np.random.default_rng(6).multinomial(400, [0.9 - lost, lost, gained, 0.1 - gained], size=1_500)

    assert drop == pytest.approx(0.0351, abs=5e-4)  # Connor's formula asks for 400 pairs
    assert np.mean([(row[1] - row[2]) / np.sqrt(row[1] + row[2]) > 1.645 for row in tables]) == pytest.approx(
        0.8, abs=0.05
    )


def test_few_texts_can_show_large_drops_only_and_two_none() -> None:
    found = [smallest_detectable_drop(n, different=0.0, alpha=0.05, power=0.8) for n in (2, 10, 100, 10_000)]

    assert found == sorted(found, reverse=True)
    assert found[0] == 1.0
    assert 0.3 < found[1] < 0.6


def test_refuted_are_those_up_to_the_last_p_value_below_its_line() -> None:
    # Benjamini and Hochberg (1995), section 3.2: four of fifteen
    p_values = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
                0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.000]  # fmt: skip

    assert refuted(p_values[::-1], alpha=0.05) == [False] * 11 + [True] * 4
    assert refuted([], alpha=0.05) == []
    assert refuted([0.04, 0.05], alpha=0.05) == [True, True]
