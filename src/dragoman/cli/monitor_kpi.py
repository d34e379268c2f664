"""`dragoman monitor kpi`."""

from __future__ import annotations

import click

from dragoman.app import open_workspace
from dragoman.cli.kpi_words import between, decimals
from dragoman.cli.options import as_json, print_json, print_table, workspace
from dragoman.records import KpiReport, KpiRow

__all__ = ["kpi"]

COLUMNS = ("kpi", "version", "language", "subjects", "waiting", "value", "interval")
MOST_DAYS = 366


@click.command("kpi")
@click.argument("model")
@click.option(
    "--days", default=30.0, show_default=True, type=click.FloatRange(0, MOST_DAYS, min_open=True),
    help="Subjects who asked in so many days, until now.",
)  # fmt: skip
@click.option("--language", metavar="L", help="Only this language.")
@as_json
@workspace
def kpi(model: str, *, days: float, language: str | None, as_json: bool, path: str) -> None:
    """Show the KPIs of MODEL, by the version that a subject met first and by language.

    A subject counts once its time is over; until then it waits.
    """
    from dragoman.app.kpis import Kpis  # heavy: pyarrow

    found = Kpis(open_workspace(path)).values(model, days=days)
    if as_json:
        print_json(found)
        return
    _print_report(found, language)


def _print_report(found: KpiReport, language: str | None) -> None:
    click.echo(f"{found.model}: subjects who asked from {found.since} to {found.until}, intervals at {found.level:.0%}")
    rows = [one for one in found.rows if language in (None, one.language)]
    if rows:
        print_table(COLUMNS, [_row(one) for one in rows])
    else:
        click.echo("No subject has been answered in this time.")
    for note in found.notes:
        click.echo(f"note: {note}")


def _row(one: KpiRow) -> tuple[str, ...]:
    value = one.value
    return (
        one.kpi,
        one.version,
        one.language,
        f"{one.subjects:,}",
        f"{one.waiting:,}",
        "" if value is None else f"{value.value:,.{decimals(value)}f}",
        between(value),
    )
