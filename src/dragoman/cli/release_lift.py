"""`dragoman release lift`."""

from __future__ import annotations

from collections.abc import Sequence

import click

from dragoman.app import Workspace, open_workspace
from dragoman.cli.kpi_words import between, decimals
from dragoman.cli.options import as_json, print_json, print_table, workspace
from dragoman.errors import NotFound
from dragoman.records import KpiLift, Release, ReleaseLift

__all__ = ["lift"]

COLUMNS = ("kpi", "language", "champion", "challenger", "lift", "interval", "subjects", "waiting", "verdict")


@click.command("lift")
@click.argument("release", required=False, metavar="[RELEASE|MODEL]")
@as_json
@workspace
def lift(release: str | None, *, as_json: bool, path: str) -> None:
    """Show what a release changes for users: challenger less champion, in each KPI.

    RELEASE is an id; of a MODEL the active release or the newest is shown; without a name, that of each model with
    KPIs. Subjects count once their time is over. All intervals of a release hold together, whenever
    they are looked at.
    """
    from dragoman.app.kpis import Kpis  # heavy: pyarrow

    place = open_workspace(path)
    found = [Kpis(place).lift(one) for one in _releases(place, release)]
    if as_json:
        print_json(found[0] if release else found)
        return
    if not found:
        click.echo("No model with KPIs has had a release.")
    for one in found:
        _print_lift(one)


def _releases(place: Workspace, named: str | None) -> Sequence[Release]:
    from dragoman.app.desk import Desk  # heavy: the serving parts

    desk = Desk(place)
    if named is not None:
        try:
            return [desk.release(named)]
        except NotFound:
            return [desk.newest(named)]
    counted = {spec.name for spec in place.specs_or_none() if spec.kpis}
    return [desk.newest(model) for model in sorted({one.model for one in desk.releases()} & counted)]


def _print_lift(found: ReleaseLift) -> None:
    click.echo(
        f"Release {found.release}: {found.model}, version {found.champion} to {found.challenger}, from {found.since} "
        f"to {found.until}; all intervals together at {found.level:.0%}"
    )
    print_table(COLUMNS, [_row(one) for one in found.rows])
    if found.uncompared:
        click.echo(f"{found.uncompared:,} subjects came when all were given the same arm, and are not compared.")
    for note in found.notes:
        click.echo(f"note: {note}")


def _row(one: KpiLift) -> tuple[str, ...]:
    arms, places = (one.champion, one.challenger), decimals(one.lift)
    return (
        one.kpi,
        one.language,
        *("" if arm.value is None else f"{arm.value:,.{places}f}" for arm in arms),
        "" if one.lift is None else f"{one.lift.value:+,.{places}f}",
        between(one.lift, sign="+"),
        " + ".join(f"{arm.subjects:,}" for arm in arms),
        " + ".join(f"{arm.waiting:,}" for arm in arms),
        one.verdict,
    )
