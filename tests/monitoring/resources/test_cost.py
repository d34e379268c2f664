from __future__ import annotations

from pathlib import Path

import pytest

from dragoman.monitoring.resources.cost import CostRow, Prices, Served, cost_rows, total_of
from dragoman.monitoring.service import ALL, UNKNOWN, ServiceCounts
from dragoman.settings import WORKSPACE_FILE, read_settings

PRICES = Prices(cpu_hour=0.04, gb_hour=0.005, currency="EUR")


def counts(**languages: tuple[int, float]) -> ServiceCounts:
    """Texts and seconds of four cores by language; two gigabytes were held for a day."""
    found = ServiceCounts()
    for name, (texts, seconds) in languages.items():
        one = found.language(name)
        one.texts, one.tokens, one.compute_us = texts, 20 * texts, round(seconds * 1e6)
        one.core_us = 4 * one.compute_us
    found.language(UNKNOWN).held_mbs = 2_000 * 24 * 3_600
    return found


def served(**languages: tuple[int, float]) -> Served:
    return Served("support", "3", counts(**languages))


def by_language(rows: list[CostRow]) -> dict[str, CostRow]:
    return {row.language: row for row in rows}


def test_compute_and_memory_have_their_prices() -> None:
    (row,) = cost_rows([served(th=(10_000, 900.0))], PRICES)
    assert (row.texts, row.tokens, row.compute_seconds) == (10_000, 200_000, 900.0)
    assert (row.core_hours, row.gb_hours) == (pytest.approx(1.0), pytest.approx(48.0))
    assert row.cost == pytest.approx(0.04 + 48 * 0.005)
    assert row.cost_per_1000 == pytest.approx(0.028)
    assert (row.seconds_per_1000, row.currency) == (pytest.approx(90.0), "EUR")


def test_languages_share_the_memory_as_they_share_the_compute() -> None:
    rows = by_language(cost_rows([served(th=(10, 30.0), en=(90, 10.0))], PRICES))
    assert rows["th"].gb_hours == pytest.approx(36.0)
    assert rows["en"].gb_hours == pytest.approx(12.0)


def test_without_compute_they_share_it_as_their_texts() -> None:
    rows = by_language(cost_rows([served(th=(10, 0.0), en=(30, 0.0))], PRICES))
    assert rows["en"].gb_hours == pytest.approx(36.0)
    assert rows["en"].core_hours == 0.0


def test_languages_add_up_to_what_the_version_cost() -> None:
    rows = cost_rows([served(th=(7, 1.7), en=(13, 0.9), ar=(0, 0.3))], PRICES)
    total = total_of(rows)
    assert total is not None
    assert (total.model, total.version, total.language, total.texts) == ("support", "3", ALL, 20)
    assert total.core_hours == pytest.approx(2.9 * 4 / 3600)
    assert total.cost == pytest.approx(2.9 * 4 / 3600 * 0.04 + 48 * 0.005)


def test_without_prices_only_time_is_told() -> None:
    (row,) = cost_rows([served(th=(10, 3.0))])
    assert (row.cost, row.cost_per_1000, row.compute_seconds) == (None, None, 3.0)
    total = total_of([row])
    assert total is not None
    assert total.cost is None


def test_a_language_without_predictions_has_no_cost_of_a_thousand() -> None:
    (row,) = cost_rows([served(th=(0, 3.0))], PRICES)
    assert (row.seconds_per_1000, row.cost_per_1000) == (None, None)


def test_rows_are_in_order_and_the_total_of_several_models_is_of_all() -> None:
    versions = [served(th=(1, 1.0), ar=(1, 1.0)), served(th=(1, 1.0))._replace(model="alpha")]
    rows = cost_rows([*versions, Served("empty", "1", ServiceCounts())], PRICES)
    assert [(row.model, row.language) for row in rows] == [("alpha", "th"), ("support", "ar"), ("support", "th")]
    total = total_of(rows)
    assert total is not None
    assert (total.model, total.version) == (ALL, "3")
    assert total_of([]) is None


def test_a_version_that_nobody_asked_has_the_memory_that_it_held() -> None:
    (row,) = cost_rows([served()], PRICES)
    assert (row.language, row.texts, row.cost_per_1000) == (UNKNOWN, 0, None)
    assert row.cost == pytest.approx(48 * 0.005)


def test_a_session_on_a_gpu_has_the_price_of_one_and_without_it_that_of_a_core() -> None:
    assert PRICES._replace(gpu_hour=2.5).of_serving("cuda").cpu_hour == 2.5
    assert PRICES._replace(gpu_hour=2.5).of_serving("cpu").cpu_hour == 0.04
    assert PRICES.of_serving("cuda") == PRICES


def test_prices_are_settings(tmp_path: Path) -> None:
    hours = "price_cpu_hour = 0.04\nprice_gb_hour = 0.005\nprice_gpu_hour = 2.5\n"
    (tmp_path / WORKSPACE_FILE).write_text(f'{hours}price_stored_gb_month = 0.02\ncurrency = "EUR"\n')
    assert Prices.of(read_settings(tmp_path)) == PRICES._replace(gpu_hour=2.5, gb_month=0.02)
    assert not Prices.of(read_settings(None))
