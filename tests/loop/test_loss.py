from __future__ import annotations

import pytest

from dragoman.loop.loss import losses
from dragoman.loop.situation import Drifted
from dragoman.spec import SloSpec

from .situations import DAY, NOW, held, quality, row, situation, spec


def found(rows, **fields):
    given = spec(tables={"slo": SloSpec(quality=0.9)})
    seen = situation(quality=quality(*rows), **{"held": held(hi=0.95, pt=0.95, de=0.95), **fields})
    return {one.language: one for one in losses(seen, given, now=NOW)}


def test_without_live_quality_nothing_is_known():
    assert losses(situation(), spec(), now=NOW) == []


def test_a_loss_is_surer_the_more_answers_were_audited():
    few, many = (found([row("hi", right=7 * n, audited=10 * n)])["hi"] for n in (3, 30))
    assert few.measured == many.measured == pytest.approx(0.25)
    assert few.surely < 0 < many.surely < 0.25


def test_too_few_audits_say_nothing():
    assert found([row("hi", right=0, audited=3)])["hi"].surely is None


def test_the_objective_is_missed_when_the_whole_interval_is_below_it():
    rows = [row("hi", right=120, audited=200), row("pt", right=175, audited=200)]
    assert [found(rows)[name].is_below for name in ("hi", "pt")] == [True, False]


def test_a_change_of_the_mix_is_no_loss():
    rows = [
        row("all", right=830, audited=1_000, predictions=10_000),
        row("hi", predictions=8_000),
        row("pt", predictions=1_000),
        row("de", predictions=1_000),
    ]
    whole = found(rows, held=held(hi=0.8, pt=0.95, de=0.95))["all"]
    assert whole.evaluated.value == pytest.approx(0.83)
    assert whole.measured == pytest.approx(0.0)


def test_languages_that_drift_are_judged_together_too():
    rows = [row("hi", right=28, audited=40), row("pt", right=28, audited=40), row("de", right=38, audited=40)]
    drifted = [Drifted(name, NOW - 2 * DAY, "Something has changed.") for name in ("hi", "pt")]
    losses = found(rows, drifted=drifted)
    assert losses["drifting"].audited == 80
    assert losses["drifting"].surely > max(losses["hi"].surely, losses["pt"].surely)


def test_the_calibration_error_is_taken_off_an_estimate():
    rows = [row("hi", expected=0.80)]
    plain, doubtful = (found(rows, calibration_error=error)["hi"] for error in (0.0, 0.05))
    assert plain.estimated == doubtful.estimated == pytest.approx(0.15)
    assert doubtful.surely_estimated < plain.surely_estimated < 0.15


def test_a_language_that_was_not_evaluated_has_no_loss():
    one = found([row("hi", right=10, audited=100)], held={})["hi"]
    assert (one.measured, one.surely, one.estimated) == (None, None, None)
    assert one.is_below
