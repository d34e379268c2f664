"""The commands of `dragoman keys` for API keys."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any, cast, get_args

import click

from dragoman.app import Workspace, open_workspace
from dragoman.cli.options import as_json, by_user, print_json, print_table, reason, workspace
from dragoman.records import ApiKey, Role
from dragoman.registry.api_keys import NewKey, add_key, revoke_key, rotate_key, state_of

__all__ = ["commands"]

SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
LONGEST = timedelta(days=3_660)


def duration(text: str) -> timedelta:
    """Reads a time such as 90d, 1h or 30m."""
    match = re.fullmatch(r"([1-9][0-9]{0,9})([smhdw])", text)
    if match is None:
        raise click.BadParameter(f"'{text}' is no time: write a number and s, m, h, d or w, such as 90d.")
    if (found := timedelta(seconds=int(match[1]) * SECONDS[match[2]])) > LONGEST:
        raise click.BadParameter(f"'{text}' is too long: at most {LONGEST.days}d.")
    return found


expires = click.option("--expires", type=duration, metavar="TIME", help="For how long it counts: 90d, 12h.")


@click.command("new")
@click.option("--role", type=click.Choice(get_args(Role)), required=True, help="What it allows.")
@click.option("--name", required=True, help="Whose it is, or what for.")
@click.option(
    "--model", "models", multiple=True, metavar="NAME", help="A model that it is for; repeatable. Default: all."
)
@expires
@reason
@as_json
@workspace
def new(
    *,
    role: str,
    name: str,
    models: tuple[str, ...],
    expires: timedelta | None,
    reason: str,
    as_json: bool,
    path: str,
) -> None:
    """Make an API key, and print it: it is shown this once, and kept nowhere.

    Without --expires it counts until it is revoked.
    """
    place = open_workspace(path)
    made = add_key(
        place.catalog, role=cast("Role", role), name=name, models=models, lifetime=expires, by=by_user(reason)
    )
    warn_of_unknown(place, models)
    show_new(made, as_json=as_json)


@click.command("list")
@as_json
@workspace
def list_keys(*, as_json: bool, path: str) -> None:
    """List the API keys, without their secrets."""
    now, keys = datetime.now(UTC), open_workspace(path).catalog.keys()
    if as_json:
        print_json([row_of(key, now) for key in keys])
        return
    rows = [
        (
            key.id,
            key.name,
            key.role,
            ", ".join(key.models) or "all",
            key.created,
            key.expires or "never",
            state_of(key, now),
        )
        for key in keys
    ]
    print_table(("id", "name", "role", "models", "created", "expires", "state"), rows)


@click.command("revoke")
@click.argument("key")
@reason
@workspace
def revoke(key: str, *, reason: str, path: str) -> None:
    """Let an API key count no more; servers know it within a second.

    KEY is its id or its name.
    """
    revoked = revoke_key(open_workspace(path).catalog, key, by=by_user(reason))
    click.echo(f"The key {revoked.name} ({revoked.id}) is revoked.")


@click.command("rotate")
@click.argument("key")
@click.option(
    "--grace", type=duration, metavar="TIME", help="For how long the old secret still counts; default: no time."
)
@expires
@reason
@as_json
@workspace
def rotate(
    key: str, *, grace: timedelta | None, expires: timedelta | None, reason: str, as_json: bool, path: str
) -> None:
    """Give an API key a new secret, and print it once. Its id, name, role and models stay.

    KEY is its id or its name.
    """
    show_new(
        rotate_key(open_workspace(path).catalog, key, grace=grace, lifetime=expires, by=by_user(reason)),
        as_json=as_json,
    )


commands: tuple[click.Command, ...] = (new, list_keys, revoke, rotate)


def show_new(made: NewKey, *, as_json: bool) -> None:
    """The key alone on standard output, so that it can be piped to where it is kept."""
    if as_json:
        print_json({"key": made.text, **row_of(made.key, datetime.now(UTC))})
        return
    key = made.key
    click.echo(f"Key {key.name} ({key.id}), {key.role}, for {', '.join(key.models) or 'all models'},", err=True)
    click.echo(f"until {key.expires or 'it is revoked'}. Keep it: it is not shown again.", err=True)
    click.echo(made.text)


def row_of(key: ApiKey, now: datetime) -> dict[str, Any]:
    """What may be shown of a key: no secret, and no digest of one."""
    shown = {name: getattr(key, name) for name in ("id", "name", "role", "models", "created", "expires", "revoked")}
    return shown | {"previous_expires": key.previous_expires, "state": state_of(key, now)}


def warn_of_unknown(place: Workspace, models: tuple[str, ...]) -> None:
    """Models may come later than their keys; a mistyped one never comes."""
    for name in sorted(set(models) - set(place.catalog.models())):
        click.echo(f"note: there is no model '{name}' yet.", err=True)
