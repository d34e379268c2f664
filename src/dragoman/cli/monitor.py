"""`dragoman monitor`."""

from __future__ import annotations

import difflib
from datetime import timedelta
from functools import partial

import click

from dragoman import clock
from dragoman.api.monitor_messages import MOST_HOURS, utc_text
from dragoman.cli.monitor_cost import cost
from dragoman.cli.monitor_kpi import kpi
from dragoman.cli.monitor_lists import alert_part, alerts_list, drift_part, split_part
from dragoman.cli.monitor_output import open_desk, print_parts, watch
from dragoman.cli.monitor_screen import screen
from dragoman.cli.monitor_silence import silence
from dragoman.cli.monitor_slo import slo_part
from dragoman.cli.options import Command, as_json, print_json, workspace
from dragoman.errors import InvalidInput

__all__ = ["command"]

SHOW = "show"
HELPS = ("-h", "--help")
Hours = click.IntRange(1, MOST_HOURS)


class MonitorGroup(click.Group):
    """A group that shows the overview where no other command is named."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        named = bool(args) and (args[0] in self.commands or args[0] in HELPS)
        two_words = len(args) > 1 and not args[0].startswith("-") and not args[1].startswith("-")
        if two_words and not named:
            near = difflib.get_close_matches(args[0], self.commands, n=1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            ctx.fail(f"No such command '{args[0]}'.{hint}")
        return super().parse_args(ctx, args if named else [SHOW, *args])


def version_option(command: Command) -> Command:
    """The option that names a version."""
    return click.option("--version", "version", metavar="V", help="Only this version of the model.")(command)


def language_option(command: Command) -> Command:
    """The option that names a language."""
    return click.option("--language", metavar="L", help="Only this language.")(command)


def hours_option(command: Command) -> Command:
    """The option that says how long the period is."""
    return click.option("--hours", type=Hours, default=24, show_default=True, help="The period, which ends now.")(
        command
    )


@click.group("monitor", cls=MonitorGroup)
def command() -> None:
    """Show traffic, quality, drift, objectives and alerts by language.

    Without another command: `dragoman monitor [MODEL]` is `dragoman monitor show [MODEL]`.
    """


@command.command(SHOW)
@click.argument("model", required=False)
@version_option
@language_option
@hours_option
@click.option("--all", "every", is_flag=True, help="List every language, however many are quiet.")
@click.option("--watch", "keeps_on", is_flag=True, help="Draw it anew every few seconds, until Ctrl-C.")
@click.option("--check", is_flag=True, help="Exit with 1 while an alert fires that pages people and is not silenced.")
@as_json
@workspace
@click.pass_context
def show(
    context: click.Context,
    model: str | None,
    *,
    version: str | None,
    language: str | None,
    hours: int,
    every: bool,
    keeps_on: bool,
    check: bool,
    as_json: bool,
    path: str,
) -> None:
    """Show what models do now: what fires first, then the worst languages."""
    if version and not model:
        raise click.UsageError("--version needs the model: dragoman monitor MODEL --version V.")
    if keeps_on and (as_json or check):
        raise click.UsageError("--watch goes on; --json and --check answer once. Give one of them.")
    look = partial(open_desk(path).overview, model=model, version=version, language=language, hours=hours)
    if keeps_on:
        watch(lambda: screen(look(), language=language, every=every))
        return
    view = look()
    if as_json:
        print_json(view)
    else:
        print_parts(screen(view, language=language, every=every))
    firing = [*view.alerts, *(alert for one in view.models for alert in one.alerts)]
    if check and any(one.severity == "page" and not one.silence for one in firing):
        context.exit(1)


@command.command("drift")
@click.argument("model")
@version_option
@language_option
@click.option("--signal", metavar="NAME", help="Only this signal, such as tokens.")
@click.option("--all", "every", is_flag=True, help="Also signals that are steady, or lack evidence.")
@as_json
@workspace
def drift(
    model: str, *, version: str | None, language: str | None, signal: str | None, every: bool, as_json: bool, path: str
) -> None:
    """List what has drifted, by how much, on which evidence, since when."""
    found = open_desk(path).drift(model, version=version, language=language, signal=signal)
    if as_json:
        print_json(list(found))
        return
    print_parts(drift_part(found, every=every or signal is not None))


@command.command("split")
@click.argument("model")
@click.option("--metric", required=True, metavar="NAME", help="What changed, such as score.")
@version_option
@hours_option
@as_json
@workspace
def split(model: str, *, metric: str, version: str | None, hours: int, as_json: bool, path: str) -> None:
    """Split the change of a metric: other languages come, or languages changed."""
    found = open_desk(path).split(model, metric, version=version, hours=hours)
    if as_json:
        print_json(found)
        return
    print_parts(split_part(found))


@command.command("slo")
@click.argument("model", required=False)
@language_option
@click.option("--all", "every", is_flag=True, help="Also languages with much of their budget left.")
@as_json
@workspace
def slo(model: str | None, *, language: str | None, every: bool, as_json: bool, path: str) -> None:
    """List objectives with error budgets and burn rates, the emptiest budget first."""
    found = open_desk(path).slo(model=model, language=language)
    if as_json:
        print_json(list(found))
        return
    print_parts(slo_part(found, every=every or language is not None))


@command.command("alerts")
@click.argument("id", required=False)
@click.option("--model", metavar="NAME", help="Only alerts of this model.")
@click.option("--all", "every", is_flag=True, help="Also those that are resolved.")
@click.option("--hours", type=Hours, default=168, show_default=True, help="With --all: how far back.")
@as_json
@workspace
def alerts(id: str | None, *, model: str | None, every: bool, hours: int, as_json: bool, path: str) -> None:
    """List alerts that fire, or show one with its evidence."""
    desk = open_desk(path)
    if id is not None:
        if model or every:
            raise InvalidInput("An alert is shown alone.", help="Give its id, or the options of the list.")
        alert = desk.alert(id)
        print_json(alert) if as_json else print_parts(alert_part(alert))
        return
    since = utc_text(clock.utc() - timedelta(hours=hours)) if every else ""
    found = desk.alerts(model=model, firing=None if every else True, since=since)
    if as_json:
        print_json(list(found))
    elif found:
        print_parts([alerts_list(found)])
    else:
        click.echo("No alert fires." if not every else f"No alert has fired in {hours} hours.")


command.add_command(cost)
command.add_command(kpi)
command.add_command(silence)
