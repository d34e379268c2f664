"""`dragoman monitor cost`."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import click

from dragoman.app import open_workspace
from dragoman.cli.monitor_words import compact, percent
from dragoman.cli.options import as_json, print_json, print_table, workspace
from dragoman.loop.budget import BudgetUse
from dragoman.loop.cost_report import CostReport
from dragoman.loop.costs import KEYS, CostKey, CostSum

__all__ = ["cost"]

MOST_DAYS = 90  # for so long requests are counted, and some more
NAMELESS = {
    "model": "of all models",
    "version": "of no version",
    "language": "of all languages",
    "team": "of all teams",
    "run": "of no run",
    "place": "not on disk",
}
LEAST = 1e-6
BUDGET_COLUMNS = ("budget of", "limit", "used", "of", "share", "in the last days")
UNITS = (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3))


class Column(NamedTuple):
    """A column of the table; one without a value anywhere is left out."""

    title: str
    value: Callable[[CostSum], float | None]
    show: Callable[[float], str]


@click.command("cost")
@click.argument("model", required=False)
@click.option("--by", type=click.Choice(KEYS), default="model", show_default=True, help="What to sum by.")
@click.option(
    "--days", type=click.IntRange(1, MOST_DAYS), default=30, show_default=True, help="The period, which ends now."
)
@as_json
@workspace
def cost(model: str | None, *, by: CostKey, days: int, as_json: bool, path: str) -> None:
    """Show what models take and cost: to serve, to train, and to keep on disk.

    With the prices of the settings in money, without in hours and bytes. What lies on disk costs as if it had lain
    there for the whole period.
    """
    from dragoman.app.costs import Costs  # heavy: the parts that count

    found = Costs(open_workspace(path)).report(model, by=by, days=days)
    if as_json:
        print_json(found)
        return
    columns = [column for column in _columns(found) if any(column.value(one) for one in [*found.sums, found.total])]
    rows = [_row(one, columns, name=one.name or NAMELESS[by]) for one in found.sums]
    print_table([by, *(column.title for column in columns)], [*rows, _row(found.total, columns, name="total")])
    click.echo(_told(found))
    if found.budgets:
        click.echo()
        print_table(BUDGET_COLUMNS, [_budget_row(one) for one in found.budgets])


def _columns(report: CostReport) -> list[Column]:
    money = f" {report.currency}"
    return [
        Column("texts", lambda one: one.texts, compact),
        Column("serving core h", lambda one: one.serving.core_hours, _hours),
        Column("serving GPU h", lambda one: one.serving.gpu_hours, _hours),
        Column("memory GB h", lambda one: one.serving.gb_hours, _hours),
        Column("trainings", lambda one: one.trainings, compact),
        Column("training core h", lambda one: one.training.core_hours, _hours),
        Column("training GPU h", lambda one: one.training.gpu_hours, _hours),
        Column("stored", lambda one: one.storage.stored_bytes, _bytes),
        Column("serving" + money, lambda one: one.serving.cost, _money),
        Column("per 1,000", lambda one: one.cost_per_1000, _money),
        Column("training" + money, lambda one: one.training.cost, _money),
        Column("storage" + money, lambda one: one.storage.cost, _money),
        Column("total" + money, lambda one: one.cost, _money),
    ]


def _row(one: CostSum, columns: Sequence[Column], *, name: str) -> list[str]:
    values = [(column, column.value(one)) for column in columns]
    return [name, *(column.show(value) if value else "" for column, value in values)]


def _budget_row(one: BudgetUse) -> list[str]:
    used, most = (f"{value:,.3g}" if value < 1_000 else f"{value:,.0f}" for value in (one.used, one.most))
    return [one.model, one.unit, used, most, percent(one.used / one.most), f"{one.days:g}"]


def _told(report: CostReport) -> str:
    prices = "" if report.currency else " There are no prices: `price_cpu_hour` and the like in dragoman.toml set them."
    disk = "" if report.disk_is_whole else " There are more files on disk than were looked at: it holds more."
    return f"From {report.since} to {report.until}.{prices}{disk}"


def _hours(value: float) -> str:
    return f"{value:,.1f}" if value >= 10 else _small(value)


def _money(value: float) -> str:
    return f"{value:,.2f}" if value >= 0.1 else _small(value)


def _small(value: float) -> str:
    """Two digits: 3.4, 0.12, 0.0000051."""
    return f"{value:.{max(0, 1 - math.floor(math.log10(value)))}f}" if value >= LEAST else f"<{LEAST:.6f}"


def _bytes(value: float) -> str:
    for unit, size in UNITS:
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value:.0f} B"
