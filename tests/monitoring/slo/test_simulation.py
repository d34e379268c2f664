"""The rules at work: how often they err, and what they find. `bench/burn_simulation.py` has the large numbers."""

from __future__ import annotations

import numpy as np
import pytest
from bench.burn_simulation import (
    HISTORY,
    MONTH,
    TRAFFICS,
    Stream,
    alarms,
    dragoman,
    false_alarms,
    log_likelihood_ratio,
    months_with_alarm,
    pyrra,
    sloth,
    times_to_tell,
)
from scipy import stats
from tests.monitoring.slo.world import NOW, judged, spec

from dragoman.monitoring.slo import FALSE_ALARMS, evidence

LOW, HIGH = TRAFFICS


def test_the_simulation_has_the_evidence_of_the_server():
    draw = np.random.default_rng(0)
    total = draw.integers(1, 500, 300)
    bad = np.minimum(total, draw.integers(0, 60, 300))
    for budget in (0.001, 0.1):
        exact = [evidence(int(one), int(of), budget) for one, of in zip(bad, total, strict=True)]
        assert log_likelihood_ratio(bad, total, budget) == pytest.approx(exact)


@pytest.mark.parametrize("share", [0.0005, 0.004, 0.02, 0.3])
def test_the_simulation_fires_where_the_server_does(share):
    draw = np.random.default_rng(1)
    minutes = HISTORY + 1
    total = np.full(minutes, 10)
    bad = draw.binomial(total, np.where(np.arange(minutes) > minutes - 90, share, 0.0))
    played = dragoman(Stream(total, bad), 0.001)
    # windows of more than a day begin at the full hour on the server: a minute before it they are the same
    events = np.stack([total, bad], axis=1)
    (view,) = judged(spec(per_language=False), {("availability", "hi"): events}).views
    assert {severity for severity, flags in played.items() if flags[-1]} == set(view.firing.values())
    assert int(NOW) // 60 % 60 == 20


@pytest.mark.parametrize(("traffic", "goal"), [(LOW, 0.999), (HIGH, 0.9)])
def test_false_alarms_are_as_rare_as_stated(traffic, goal):
    months = 120
    assert months_with_alarm(traffic, goal, months, seed=4) <= stats.binom.isf(1e-3, months, FALSE_ALARMS)


def test_peers_page_for_single_failures_at_low_traffic():
    told = false_alarms(LOW, 0.999, 0.5, 3, seed=5)
    assert told["Dragoman"] == (0.0, 0.0)
    assert min(told["Sloth"][0], told["Pyrra"][0]) > 5


@pytest.mark.parametrize(
    ("traffic", "goal", "burn", "minutes"),
    [(LOW, 0.999, np.inf, 10), (HIGH, 0.999, np.inf, 2), (HIGH, 0.999, 20.0, 50), (LOW, 0.9, np.inf, 120)],
)
def test_burns_are_told_soon(traffic, goal, burn, minutes):
    pages = times_to_tell(traffic, goal, burn, 15, seed=6)["Dragoman"]["page"]
    assert np.quantile(pages, 0.9) <= minutes


def test_at_much_traffic_a_page_comes_when_sloths_does():
    told = times_to_tell(HIGH, 0.99, 6.0, 10, seed=7)
    assert told["Dragoman"]["page"].tolist() == told["Sloth"]["page"].tolist()


def test_an_alarm_that_flaps_is_one():
    flags = np.zeros(300, dtype=bool)
    flags[[5, 40, 90, 200]] = True
    assert alarms(flags) == 2
    assert alarms(np.zeros(300, dtype=bool)) == 0


def test_a_peers_wait_is_kept():
    bad = np.zeros(HISTORY + MONTH, dtype=np.int64)
    bad[HISTORY + 100 :] = 10
    stream = Stream(np.full(HISTORY + MONTH, 10), bad)
    assert [int(np.argmax(policy(stream, 0.001)["page"])) for policy in (sloth, pyrra)] == [100, 102]
