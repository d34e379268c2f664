from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.release.predictions import TRAITS, predicted

from dragoman.errors import InvalidSpec
from dragoman.records import ForecastPrediction, ForecastValue
from dragoman.release.harm import harms_of, quality_harm
from dragoman.release.ledger import Ledger
from dragoman.release.metrics import METRICS
from dragoman.release.numbers_world import Ending, NumbersWorld, play_numbers, said
from dragoman.release.outcome import FAILED, UNKNOWN, Number, Outcome, outcome_of
from dragoman.spec import MarginsSpec, ReleaseSpec, convert_spec

SPEC = ReleaseSpec(steps=[10, 100], required=["errors", "agreement", "quality"], margins=MarginsSpec(errors=0.02))
FLOATS = st.floats(-1e9, 1e9)
HALVES = st.floats(0, 1e6)


def test_an_answer_agrees_inside_of_the_champions_interval() -> None:
    harms = [dict(harms_of(said(10.0), said(value))) for value in (10.0, 11.7, 8.3, 11.8, 8.2)]

    assert [one["agreement"] for one in harms] == [0, 0, 0, 1, 1]


def test_numbers_have_neither_confidence_nor_abstention() -> None:
    assert set(dict(harms_of(said(1.0), said(2.0)))) == {"errors", "agreement"}
    assert dict(harms_of(said(1.0), FAILED)) == {"errors": 1}


@pytest.mark.parametrize(
    ("champion", "challenger", "truth", "harm"),
    [
        (10.0, 10.0, "12", 0.0),
        (10.0, 11.0, "10", 1 / 3.4),
        (11.0, 10.0, "10", -1 / 3.4),
        (10.0, 500.0, "10", 1.0),
        (10.0, 500.0, "-400.5", 0.0),
    ],
)
def test_quality_is_how_much_the_error_grew_in_widths_of_the_champions_interval(
    champion: float, challenger: float, truth: str, harm: float
) -> None:
    assert quality_harm(said(champion), said(challenger, half=9.0), truth) == pytest.approx(harm)


def test_without_a_width_only_what_is_exact_counts() -> None:
    assert quality_harm(said(10.0, half=0.0), said(11.0), "10") == 1.0
    assert quality_harm(said(11.0, half=0.0), said(12.0), "10") == 0.0


@given(FLOATS, FLOATS, FLOATS, HALVES)
def test_every_harm_of_numbers_is_one_that_a_tally_takes(mine: float, other: float, truth: float, half: float) -> None:
    champion, challenger = said(mine, half=half), said(other)
    least = {metric.name: metric.least for metric in METRICS}

    for name, harm in (*harms_of(champion, challenger), ("quality", quality_harm(champion, challenger, repr(truth)))):
        assert least[name] <= harm <= 1.0


@given(FLOATS, FLOATS, FLOATS, HALVES)
def test_a_version_does_itself_no_harm_and_a_change_of_roles_turns_the_sign(
    mine: float, other: float, truth: float, half: float
) -> None:
    one, two = said(mine, half=half), Outcome(UNKNOWN, numbers=(Number(other, mine - half, mine + half),))

    assert quality_harm(one, one, repr(truth)) == 0.0
    assert math.isclose(quality_harm(one, two, repr(truth)), -quality_harm(two, one, repr(truth)), abs_tol=1e-12)


def forecast(*values: float) -> Outcome:
    steps = [ForecastValue(time="t", value=value, low=value - 1, high=value + 1) for value in values]
    return outcome_of(ForecastPrediction(id="f", **TRAITS, forecast=steps))


def test_a_forecast_disagrees_where_most_of_its_values_do() -> None:
    ours = forecast(1.0, 2.0, 3.0)

    assert dict(harms_of(ours, forecast(9.0, 2.0, 3.0)))["agreement"] == 0
    assert dict(harms_of(ours, forecast(9.0, 9.0, 3.0)))["agreement"] == 1


def test_an_outcome_has_the_numbers_of_its_answer() -> None:
    found = outcome_of(predicted(3.0, "p7"))

    assert (found.language, found.label, found.id) == (UNKNOWN, None, "p7")
    assert found.numbers == (Number(3.0, 3.0 - 1.7, 3.0 + 1.7),)


def test_where_no_language_is_declared_all_rows_count_together() -> None:
    ledger = Ledger([UNKNOWN])

    ledger.paired(["a"], [said(1.0)._replace(language="de")], [said(1.0)._replace(language="de")], step=0)

    assert {row.language for row in ledger.rows()} == {UNKNOWN}


def endings(world: NumbersWorld, **options: int) -> list[Ending]:
    return [play_numbers(SPEC, world, seed=seed, **options) for seed in range(5)]


def test_an_equal_model_of_numbers_is_promoted() -> None:
    assert [one.status for one in endings(NumbersWorld())] == ["promoted"] * 5


def test_a_model_of_numbers_that_is_less_exact_is_stopped() -> None:
    found = endings(NumbersWorld(challenger=0.8))

    assert [one.status for one in found] == ["rolled back"] * 5
    assert {one.metric for one in found} <= {"quality", "agreement"}


def test_a_model_of_numbers_in_another_unit_is_stopped_without_any_truth() -> None:
    found = endings(NumbersWorld(shift=30.0, labels=0.0))

    assert {(one.status, one.metric, one.requests) for one in found} == {("rolled back", "agreement", 100)}


def test_without_truths_a_plan_that_requires_quality_waits() -> None:
    assert play_numbers(SPEC, NumbersWorld(labels=0.0), batches=20) == Ending("undecided", 2_000)


def test_a_plan_for_numbers_requires_no_confidence() -> None:
    plain = {"name": "p", "owner": "o", "data": {"files": ["f"]}, "features": {"columns": ["x"]}}

    with pytest.raises(InvalidSpec, match="'confidence', which a model of numbers does not have"):
        convert_spec({**plain, "task": "tabular-regression", "release": {"required": ["errors", "confidence"]}})
