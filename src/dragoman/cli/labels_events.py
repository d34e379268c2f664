"""`dragoman labels events`."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

from dragoman.app import open_workspace
from dragoman.cli.options import as_json, by_user, print_json, reason, workspace
from dragoman.errors import NotFound

if TYPE_CHECKING:
    from dragoman.app.kpis import EventFile

__all__ = ["events"]


@click.command("events")
@click.argument("model")
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@click.option("--skip-bad", is_flag=True, help="Keep what is right, and tell what is not.")
@reason
@as_json
@workspace
def events(model: str, files: Sequence[str], *, skip_bad: bool, reason: str, as_json: bool, path: str) -> None:
    """Keep what subjects did after MODEL had answered them.

    FILE has a JSON object a line, with `subject` and `name`, one of the KPIs in the spec, and
    `value`, `time` and `id` where they are known; or it is CSV whose header has these names. - reads standard input.
    Subjects are kept as pseudonyms. What was told before is not kept again. If anything is wrong nothing is kept.
    """
    from dragoman.app.kpis import Kpis  # heavy: pyarrow

    with ExitStack() as opened:
        found = [_open(name, opened) for name in files]
        kpis = Kpis(open_workspace(path))
        added = kpis.add_files(model, found, skip_bad=skip_bad, by=by_user(reason))
    if as_json:
        print_json(added)
        return
    again = f", {added.repeated:,} told before" if added.repeated else ""
    click.echo(f"{model}: {added.kept:,} of {added.given:,} events are new and kept{again}.")
    if added.left_out:
        click.echo(f"{len(added.left_out):,} were left out:")
        for text in added.left_out:
            click.echo(f"  {text}")


def _open(name: str, opened: ExitStack) -> EventFile:
    from dragoman.app.kpis import EventFile  # heavy: as above

    try:
        file = opened.enter_context(click.open_file(name, "rb"))
    except OSError as error:
        raise NotFound(f"The file {name} cannot be read: {error.strerror}.", help="Name a file, or -.") from None
    return EventFile("standard input" if name == "-" else name, file)
