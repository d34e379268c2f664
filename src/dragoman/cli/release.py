"""`dragoman release`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

import click
import msgspec

from dragoman.app import Workspace, open_workspace
from dragoman.cli.options import as_json, by_user, print_json, print_table, reason, workspace
from dragoman.cli.release_lift import lift
from dragoman.errors import GateFailed, NotFound
from dragoman.records import Finding, GateResult, Interval, Release, Simulation
from dragoman.registry.uri import CHALLENGER
from dragoman.spec import ReleaseSpec

__all__ = ["command"]

FINDING_COLUMNS = ("metric", "language", "n", "harm", "interval", "limit", "e-value", "e-safe", "verdict")
NICENESS = 10  # of a check beside a server: users come first
GATE_COLUMNS = ("gate", "language", "champion", "challenger", "limit", "n", "verdict", "")


@click.group("release")
def command() -> None:
    """Release a version by evidence, language by language."""


@command.command("start")
@click.argument("model")
@click.option(
    "--challenger", type=int, metavar="NUMBER", help="The version to release. Default: the one with that alias."
)
@reason
@as_json
@workspace
def start(model: str, *, challenger: int | None, reason: str, as_json: bool, path: str) -> None:
    """Check the gates before traffic, and begin the release of a version.

    Running servers of the workspace follow within a second. The exit code is 1 if a gate failed.
    """
    from dragoman.app.candidate import check_candidate
    from dragoman.app.checking import CHECK_SECONDS, check_lease
    from dragoman.app.desk import Desk  # heavy: the serving parts

    place = open_workspace(path)
    by = by_user(reason)
    wanted = Desk(place).start(model, challenger or _challenger_of(place, model), by=by)
    place.catalog.lease(check_lease(wanted.id), by.actor, seconds=CHECK_SECONDS)
    release = check_candidate(place, wanted.id, show=lambda line: click.echo(line, err=True))
    _show(release, as_json=as_json)
    if release.status == "rolled_back":
        raise GateFailed(release.notes[-1].text, help="Train again, or change the gates of the spec.")


def _challenger_of(place: Workspace, model: str) -> int:
    number = place.catalog.alias(model, CHALLENGER)
    if number is None:
        raise NotFound(
            f"'{model}' has no challenger.",
            help="Train a version: with [release] in the spec it becomes the challenger; or name one: --challenger.",
        )
    return number


@command.command("status")
@click.argument("model", required=False)
@click.option("--id", "id", default="", help="A certain release; default: the active or newest of each model.")
@click.option("--all", "every", is_flag=True, help="Every metric and language, also those that pass.")
@as_json
@workspace
def status(model: str | None, *, id: str, every: bool, as_json: bool, path: str) -> None:
    """Show every gate with n, effect, interval, e-value and verdict."""
    from dragoman.app.desk import Desk  # heavy: the serving parts

    desk = Desk(open_workspace(path))
    if id or model:
        _show(desk.release(id) if id else desk.newest(str(model)), as_json=as_json, every=every)
        return
    releases = list(desk.releases())
    if as_json:
        print_json(releases)
        return
    print_table(
        ("release", "model", "from", "to", "status", "share", "started", "last"), [_row(one) for one in releases]
    )


@command.command("approve")
@click.argument("model")
@reason
@workspace
def approve(model: str, *, reason: str, path: str) -> None:
    """Let a release that waits for a person go on."""
    from dragoman.app.desk import Desk  # heavy: the serving parts

    place = open_workspace(path)
    desk = Desk(place)
    release = desk.approve(desk.newest(model).id, by=by_user(reason))
    click.echo(_headline(release))


@command.command("rollback")
@click.argument("model")
@click.option("--reason", required=True, help="Why; it stands in the release and in the audit log.")
@workspace
def roll_back(model: str, *, reason: str, path: str) -> None:
    """Give all traffic back to the champion; after a promotion, to the champion before it."""
    from dragoman.app.desk import Desk  # heavy: the serving parts

    place = open_workspace(path)
    release = Desk(place).take_back(model, by=by_user(reason))
    click.echo(f"Version {release.champion} of '{model}' answers everything.")


@command.command("simulate")
@click.argument("model", required=False)
@click.option(
    "--releases", type=click.IntRange(1, 1_000_000), default=1_000, show_default=True, help="How many to play."
)
@click.option(
    "--regress",
    multiple=True,
    metavar="LANG:DROP",
    help="A language in which the challenger is worse: th:0.05 or th:5%. Repeatable.",
)
@click.option(
    "--share",
    multiple=True,
    metavar="LANG:SHARE",
    help="A language's share of the traffic: th:0.02 or th:2%. Repeatable.",
)
@click.option(
    "--requests-per-day", type=click.IntRange(1), default=200_000, show_default=True, help="Traffic of the model."
)
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed gives the same result.")
@as_json
@workspace
def simulate_releases(
    model: str | None,
    *,
    releases: int,
    regress: tuple[str, ...],
    share: tuple[str, ...],
    requests_per_day: int,
    seed: int,
    as_json: bool,
    path: str,
) -> None:
    """Play the spec's plan against synthetic traffic: how often does it err, how soon does it see?

    The traffic is in 40 languages; that of a model of a table is in its own.
    """
    from dragoman.release.simulation import simulate
    from dragoman.release.world import LANGUAGES, World  # heavy: numpy

    spec = open_workspace(path).spec(model)
    found = simulate(
        spec.release or ReleaseSpec(),
        releases=releases,
        languages=LANGUAGES if spec.reads_text else spec.counted_languages,
        shares=dict(_language_share(one) for one in share),
        regress=dict(_language_share(one) for one in regress),
        world=World(requests_per_day=requests_per_day),
        seed=seed,
    )
    if as_json:
        print_json(flat(found))
        return
    print_table(("what", "value", "95% interval"), list(simulation_rows(found)))


@command.command("check", hidden=True)
@click.argument("id")
@workspace
def check(id: str, *, path: str) -> None:
    """Check the gates of a release that waits for it: what a server starts in a process of its own."""
    from dragoman.app.candidate import check_candidate  # heavy: the serving parts

    os.nice(NICENESS)
    check_candidate(open_workspace(path), id)


def _language_share(text: str) -> tuple[str, float]:
    """`th:0.05`, or the same in percent: `th:5%`, `th:5`."""
    language, _, number = text.partition(":")
    try:
        value = float(number.removesuffix("%"))
    except ValueError:
        raise click.BadParameter(f"{text!r} is not LANG:NUMBER, such as th:0.05 or th:5%.") from None
    return language, value / 100 if number.endswith("%") or value >= 1 else value


def flat(found: Simulation) -> dict[str, Any]:
    """The simulation as plain numbers; an interval stands beside its value, as `NAME_interval`."""
    shown: dict[str, Any] = {}
    for name, value in msgspec.structs.asdict(found).items():
        if isinstance(value, Interval):
            shown |= {name: value.value, f"{name}_interval": [value.low, value.high]}
        else:
            shown[name] = value
    return shown


def simulation_rows(found: Simulation) -> Iterator[tuple[str, str, str]]:
    for name, value in msgspec.structs.asdict(found).items():
        if isinstance(value, Interval):
            yield name.replace("_", " "), f"{value.value:.4g}", f"{value.low:.4g} to {value.high:.4g}"
        elif isinstance(value, int | float):
            yield name.replace("_", " "), f"{value:.6g}", ""


def _show(release: Release, *, as_json: bool, every: bool = True) -> None:
    if as_json:
        print_json(release)
        return
    click.echo(_headline(release))
    for note in release.notes:
        click.echo(f"  {note.time}  {note.status}, {note.share:.0%}: {note.text}")
    if release.open:
        click.echo(f"This step still lacks: {', '.join(release.open)}")
    if release.gates:
        click.echo("\nBefore traffic")
        print_table(GATE_COLUMNS, [_gate_row(gate) for gate in release.gates])
    if recent := [f"{name} ({one.texts})" for name, one in release.baselines.items() if one.source == "traffic"]:
        click.echo(f"Agreement rests on recent inputs, not on the test split, in {', '.join(recent)}.")
    if findings := _worth_showing(release.findings, every=every):
        click.echo("\nFrom traffic")
        print_table(FINDING_COLUMNS, [_finding_row(one) for one in findings])


def _worth_showing(findings: Sequence[Finding], *, every: bool) -> list[Finding]:
    """What failed first; without `every`, what passed in a single language is left out."""
    order = {"fail": 0, "not enough evidence": 1, "pass": 2}
    kept = [one for one in findings if one.n and (every or one.verdict != "pass" or one.scope != "language")]
    return sorted(kept, key=lambda one: order[one.verdict])


def _headline(release: Release) -> str:
    return (
        f"Release {release.id}: {release.model}, version {release.champion} to {release.challenger}, {release.status}, "
        f"{release.share:.0%} of the traffic"
    )


def _row(release: Release) -> tuple[str, ...]:
    last = release.notes[-1].text if release.notes else ""
    numbers = (str(release.champion), str(release.challenger))
    return release.id, release.model, *numbers, release.status, f"{release.share:.0%}", release.started, last


def _gate_row(gate: GateResult) -> tuple[str, ...]:
    numbers = (_number(one) for one in (gate.champion, gate.challenger, gate.limit))
    return gate.gate, gate.language, *numbers, str(gate.n or ""), gate.verdict, gate.text


def _finding_row(one: Finding) -> tuple[str, ...]:
    return (
        one.metric,
        one.language,
        str(one.n),
        f"{one.effect:+.4f}",
        f"{one.low:+.3f} to {one.high:+.3f}",
        _number(one.limit),
        f"{one.e_value:.3g}",
        f"{one.e_safe:.3g}",
        one.verdict,
    )


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"


command.add_command(lift)
