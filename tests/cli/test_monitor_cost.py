from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.costly import NOW, PRICES, add_run, add_version, answered, costly

from dragoman.cli import cli
from dragoman.cli.monitor_cost import _bytes, _hours, _money


@pytest.fixture(autouse=True)
def _today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dragoman.clock._now", lambda: NOW)


def place(root: Path, *, settings: str = PRICES) -> Path:
    """A model that answered in two languages, was trained, and is stored."""
    made = costly(root, settings=settings)
    bundle = add_version(made, "support", run="a", files={"graph": b"g" * 5_000})
    add_run(made, "support", "a", hours=4, bundle=bundle)
    answered(made, "support", "1", en=(3_000, 0.5), ru=(1_000, 1.5))
    made.catalog.close()
    return root


def asked(root: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["monitor", "cost", *arguments, "-w", str(root)], catch_exceptions=False)


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("  ") if cell.strip()]


def test_models_are_listed_with_money_and_a_total(tmp_path: Path) -> None:
    header, support, *_, total, period = asked(place(tmp_path)).stdout.splitlines()
    assert {"model", "texts", "trainings", "stored", "serving USD", "per 1,000", "total USD"} <= {*cells(header)}
    assert cells(support)[:6] == ["support", "4.00k", "2.0", "1.0", "1", "4.0"]
    assert cells(total)[0] == "total"
    assert period == "From 2026-03-01T12:00:00Z to 2026-03-31T12:30:00Z."


def test_languages_are_listed_and_what_is_of_all_of_them(tmp_path: Path) -> None:
    lines = asked(place(tmp_path), "support", "--by", "language", "--days", "7").stdout.splitlines()
    assert {cells(line)[0] for line in lines[1:-1]} == {"en", "ru", "of all languages", "total"}


def test_without_prices_there_is_no_money_and_how_to_set_it(tmp_path: Path) -> None:
    told = asked(place(tmp_path, settings="")).stdout
    assert "USD" not in told
    assert "`price_cpu_hour` and the like in dragoman.toml set them" in told


def test_budgets_stand_below(tmp_path: Path) -> None:
    spec = place(tmp_path) / "models" / "support.toml"
    spec.write_text(f"{spec.read_text()}\n[budget]\ndays = 7\ncpu_hours = 5\n")
    header, row = asked(tmp_path).stdout.splitlines()[-2:]
    assert cells(header) == ["budget of", "limit", "used", "of", "share", "in the last days"]
    assert cells(row) == ["support", "CPU hours", "4", "5", "80%", "7"]


def test_json_has_all_numbers(tmp_path: Path) -> None:
    found: dict[str, Any] = json.loads(asked(place(tmp_path), "--json", "--by", "team").stdout)
    assert (found["by"], found["currency"], found["disk_is_whole"]) == ("team", "USD", True)
    shop = next(one for one in found["sums"] if one["name"] == "shop")
    assert (shop["texts"], shop["training"]["core_hours"]) == (4_000, 4.0)
    assert found["total"]["cost"] == pytest.approx(sum(one["cost"] for one in found["sums"]))


def test_an_unknown_key_is_refused(tmp_path: Path) -> None:
    assert asked(place(tmp_path), "--by", "colour").exit_code == 2


@pytest.mark.parametrize(
    ("value", "text"),
    [(1_234.5, "1,234.50"), (0.5, "0.50"), (0.034, "0.034"), (0.00001234, "0.000012"), (1e-9, "<0.000001")],
)
def test_money_has_its_cents_and_less_than_that_two_digits(value: float, text: str) -> None:
    assert _money(value) == text


@pytest.mark.parametrize(("value", "text"), [(12.34, "12.3"), (3.456, "3.5"), (0.0123, "0.012")])
def test_hours_have_few_digits(value: float, text: str) -> None:
    assert _hours(value) == text


@pytest.mark.parametrize(("value", "text"), [(12, "12 B"), (1_890_000, "1.89 MB"), (2.5e12, "2.5 TB")])
def test_bytes_have_a_unit(value: float, text: str) -> None:
    assert _bytes(value) == text
