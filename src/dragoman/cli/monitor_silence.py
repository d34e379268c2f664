"""`dragoman monitor silence`."""

from __future__ import annotations

from datetime import datetime
from typing import get_args

import click

from dragoman import clock
from dragoman.api.monitor_messages import MOST_HOURS, SilenceRequest, silence_of
from dragoman.cli.monitor_lists import silence_words, silences_list
from dragoman.cli.monitor_output import open_desk, print_parts
from dragoman.cli.options import as_json, by_user, print_json, workspace
from dragoman.errors import InvalidInput
from dragoman.records import AlertKind, Severity

__all__ = ["silence"]


@click.group("silence")
def silence() -> None:
    """Keep alerts from being told during maintenance."""


@silence.command("add")
@click.argument("model", required=False)
@click.option("--version", metavar="V", default="", help="Only alerts of this version of the model.")
@click.option("--language", metavar="L", default="", help="Only alerts of this language.")
@click.option("--kind", type=click.Choice(get_args(AlertKind)), help="Only alerts of this kind.")
@click.option("--severity", type=click.Choice(get_args(Severity)), help="Only alerts of this urgency.")
@click.option("--hours", type=click.FloatRange(0, MOST_HOURS, min_open=True), help="How long it lasts.")
@click.option("--from", "starts", metavar="TIME", help="When it begins, such as 2026-07-02T20:00Z. Default: now.")
@click.option("--until", "ends", metavar="TIME", help="When it ends, in place of --hours.")
@click.option("--reason", required=True, metavar="TEXT", help="Why; it stands beside the alerts and in the audit log.")
@as_json
@workspace
def add(
    model: str | None,
    *,
    version: str,
    language: str,
    kind: AlertKind | None,
    severity: Severity | None,
    hours: float | None,
    starts: str | None,
    ends: str | None,
    reason: str,
    as_json: bool,
    path: str,
) -> None:
    """Silence alerts of a model, or of all, for some hours or until a time.

    What still fires at the end is told then.
    """
    asked = SilenceRequest(
        model=model or "",
        version=version,
        language=language,
        kind=kind,
        severity=severity,
        hours=hours,
        starts=_time(starts),
        ends=_time(ends),
        reason=reason,
    )
    by = by_user(reason)
    kept = open_desk(path).silence(silence_of(asked, by=by, now=clock.utc()), by=by)
    if as_json:
        print_json(kept)
        return
    click.echo(f"Silent from {kept.starts} until {kept.ends}: {silence_words(kept)}.")
    click.echo(f"`dragoman monitor silence end {kept.id}` ends it before.")


@silence.command("list")
@click.argument("model", required=False)
@click.option("--all", "every", is_flag=True, help="Also those that have ended.")
@as_json
@workspace
def list_silences(model: str | None, *, every: bool, as_json: bool, path: str) -> None:
    """List silences that have not ended."""
    found = open_desk(path).silences(model=model, active=None if every else True)
    if as_json:
        print_json(list(found))
    elif found:
        print_parts([silences_list(found)])
    else:
        click.echo("Nothing is silenced." if not every else "Nothing was ever silenced.")


@silence.command("end")
@click.argument("id")
@click.option("--reason", default="", metavar="TEXT", help="Why; it stands in the audit log.")
@as_json
@workspace
def end(id: str, *, reason: str, as_json: bool, path: str) -> None:
    """End a silence now: what fires is told again."""
    ended = open_desk(path).end_silence(id, by=by_user(reason))
    if as_json:
        print_json(ended)
        return
    click.echo(f"Told again since {ended.ends}: {silence_words(ended)}.")


def _time(text: str | None) -> datetime | None:
    """A time with its zone. Raises `InvalidInput` for another text."""
    if text is None:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput(f"{text!r} is no time.", help="Write it like 2026-07-02T20:00Z.") from None
    if time.tzinfo is None:
        raise InvalidInput(f"{text!r} has no time zone.", help="Write it like 2026-07-02T20:00Z, or with +02:00.")
    return time
