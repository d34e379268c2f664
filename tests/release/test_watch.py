from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from dragoman.release.betting import log_factors, log_mean_exp
from dragoman.release.metrics import METRICS
from dragoman.release.tally import BINS
from dragoman.release.watch import Watch, first_shares

LIMIT = 0.05
HARMED, UNHARMED = (log_factors(LIMIT, -1.0)[place] for place in (BINS - 1, BINS // 2))
ERRORS, AGREEMENT = 0, 2


def wealth_of(harmed: int, requests: int) -> np.ndarray:
    """Wealth `[metrics, 2, bets]`, the same everywhere."""
    wealth = harmed * HARMED + (requests - harmed) * UNHARMED
    return np.broadcast_to(wealth, (len(METRICS), 2, len(wealth)))


def test_before_any_request_the_player_owns_his_coin():
    watch = Watch(24, languages=1)

    assert watch.look(wealth_of(0, 0), 0.0) == pytest.approx(np.zeros((6, 2)))
    assert watch.look(wealth_of(0, 0), 5.5) == pytest.approx(np.zeros((6, 2)))


def test_the_mean_of_what_the_player_owns_at_the_limit_is_one():
    """Exact: three hours of four requests each, over all numbers of harmed ones."""
    n, total = 4, 0.0
    for counts in itertools.product(range(n + 1), repeat=3):
        watch, harmed = Watch(3, languages=1), 0
        watch.look(wealth_of(0, 0), 0.0)
        for hour, count in enumerate(counts):
            harmed += count
            logs = watch.look(wealth_of(harmed, n * (hour + 1)), hour + 1.0)
        share = math.prod(math.comb(n, k) * LIMIT**k * (1 - LIMIT) ** (n - k) for k in counts)
        total += share * np.exp(logs)

    assert total == pytest.approx(np.ones((6, 2)))


def test_harm_that_begins_late_is_found_where_bets_from_the_start_are_lost():
    watch = Watch(48, languages=1)
    for hour in range(40):
        watch.look(wealth_of(0, 1_000 * hour), float(hour))
    late = watch.look(wealth_of(60, 39_100), 39.5)

    assert late[ERRORS].min() > math.log(1_000)
    assert late[AGREEMENT, 0] < 0 < late[AGREEMENT, 1]
    assert log_mean_exp(wealth_of(60, 39_100)).max() < 0


def test_a_watch_that_begins_in_the_middle_goes_on_at_the_next_hour():
    watch = Watch(48, languages=1)
    first = watch.look(wealth_of(0, 9_000), 9.5)
    same_hour = watch.look(wealth_of(500, 10_000), 9.9)
    watch.look(wealth_of(0, 10_000), 10.1)
    later = watch.look(wealth_of(60, 10_100), 10.5)

    assert first[ERRORS, 0] < 0
    assert same_hour[ERRORS, 0] == pytest.approx(
        math.log(0.3 * (1 - 9 / 48) + 0.7 * math.exp(first_wealth(500, 10_000)))
    )
    assert later[ERRORS, 0] > math.log(1_000)


def first_wealth(harmed: int, requests: int) -> float:
    return float(log_mean_exp(wealth_of(harmed, requests))[0, 0])


def test_nothing_is_spent_after_the_last_hour():
    watch = Watch(2, languages=1)
    watch.look(wealth_of(0, 0), 0.0)
    at_end = watch.look(wealth_of(0, 0), 2.0)

    assert watch.look(wealth_of(0, 0), 99.0) == pytest.approx(at_end)


def test_only_harm_that_may_pass_and_rows_over_all_languages_are_watched():
    shares = first_shares(3)

    assert [metric.name for metric, row in zip(METRICS, shares, strict=True) if row[0] < 1] == ["errors", "latency"]
    assert np.all(shares[:, -1] < 1)
