from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.loop.costs import KEYS, CostLine, CostSum, Taken, price_of, summed, taken_by, total
from dragoman.monitoring.resources.cost import Prices
from dragoman.records import Spent

PRICES = Prices(cpu_hour=0.05, gb_hour=0.004, gpu_hour=2.0, gb_month=0.1, currency="EUR")
SPENT = Spent(seconds=1_800, cpu_seconds=7_200, gpu_seconds=3_600, gb_seconds=18_000, stored_bytes=10**9)

names = st.sampled_from(["", "a", "b", "c"])
amounts = st.floats(0, 1e4)
lines = st.builds(
    CostLine,
    kind=st.sampled_from(["serving", "training", "storage"]),
    model=names,
    version=names,
    language=names,
    team=names,
    run=names,
    place=names,
    texts=st.integers(0, 10**6),
    trainings=st.integers(0, 3),
    taken=st.builds(
        Taken,
        core_hours=amounts,
        gpu_hours=amounts,
        gb_hours=amounts,
        stored_bytes=st.integers(0, 10**12),
        cost=amounts,
    ),
)


def numbers(one: CostSum) -> list[float]:
    parts = (one.serving, one.training, one.storage)
    taken = [(part.core_hours, part.gpu_hours, part.gb_hours, part.stored_bytes, part.cost or 0.0) for part in parts]
    return [one.texts, one.trainings, one.cost or 0.0, *(value for part in taken for value in part)]


@given(st.lists(lines, max_size=20))
def test_languages_models_teams_and_the_rest_all_add_up_to_the_same(lines: list[CostLine]) -> None:
    whole = numbers(total(lines))
    for key in KEYS:
        rows = [numbers(one) for one in summed(lines, by=key)]
        assert [sum(column) for column in zip(*rows, strict=True)] == pytest.approx(whole if rows else [])


def test_a_training_costs_its_cores_gpus_and_memory_by_the_hour() -> None:
    assert price_of(SPENT, PRICES) == pytest.approx(2 * 0.05 + 1 * 2.0 + 5 * 0.004)
    taken = taken_by(SPENT, PRICES)
    assert (taken.core_hours, taken.gpu_hours, taken.gb_hours) == (2.0, 1.0, 5.0)
    assert taken.cost == price_of(SPENT, PRICES)


def test_what_a_training_leaves_on_disk_is_counted_where_it_lies_and_not_twice() -> None:
    assert taken_by(SPENT, PRICES).stored_bytes == 0


def test_without_prices_there_is_no_money() -> None:
    line = CostLine(kind="training", taken=taken_by(SPENT, Prices()))
    assert (price_of(SPENT, Prices()), line.taken.cost) == (0.0, None)
    assert (total([line]).cost, total([line]).cost_per_1000, total([line]).training.core_hours) == (None, None, 2.0)


def test_a_thousand_predictions_cost_what_serving_them_did() -> None:
    served = CostLine(kind="serving", texts=4_000, taken=Taken(cost=2.0))
    trained = CostLine(kind="training", trainings=1, taken=Taken(cost=100.0))
    assert total([served, trained]).cost_per_1000 == 0.5
    assert total([trained]).cost_per_1000 is None


def test_what_has_no_name_comes_last() -> None:
    lines = [CostLine(kind="storage", model=name, taken=Taken(cost=cost)) for name, cost in (("", 9.0), ("a", 1.0))]
    assert [one.name for one in summed(lines, by="model")] == ["a", ""]


def test_the_dearest_comes_first_and_without_prices_what_computed_longest() -> None:
    dear = [CostLine(kind="storage", model=name, taken=Taken(cost=cost)) for name, cost in (("a", 1.0), ("b", 3.0))]
    long = [CostLine(kind="serving", model=name, taken=Taken(core_hours=hours)) for name, hours in (("c", 1), ("d", 9))]
    assert [one.name for one in summed([*dear, *long], by="model")] == ["b", "a", "d", "c"]
