"""`dragoman features materialize` and `dragoman features push`."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from typing import IO, TYPE_CHECKING, Any

import click
import msgspec

from dragoman.app import open_workspace
from dragoman.cli.features_words import short
from dragoman.cli.options import as_json, print_json, workspace
from dragoman.cli.progress import view_progress
from dragoman.errors import DragomanError, InvalidData

if TYPE_CHECKING:
    from dragoman.app.feature_rows import FeatureRows, Materialized
    from dragoman.features.online import Progress
    from dragoman.records import AppliedView

__all__ = ["materialize", "push"]


@click.command("materialize")
@click.argument("views", nargs=-1, metavar="[VIEW]…")
@click.option("--full", is_flag=True, help="Make all rows anew, beside those that serve.")
@click.option(
    "--watch",
    "every",
    type=click.FloatRange(min=0.1),
    metavar="SECONDS",
    help="Go on: look for new events so often, until Ctrl-C.",
)
@as_json
@workspace
def materialize(views: Sequence[str], *, full: bool, every: float | None, as_json: bool, path: str) -> None:
    """Bring the online rows of views up to date with their sources.

    Only what is new is read; what was stopped halfway goes on. Without VIEW, all that are applied. Definitions that
    the champion, a challenger or the newest version of a model was trained with are kept up to date too; rows of all
    others are removed.
    """
    if every is not None and full:
        raise click.UsageError("--full makes everything anew, --watch goes on for ever. Give one of them.")
    from dragoman.app.feature_rows import FeatureRows  # heavy: pyarrow

    rows = FeatureRows(open_workspace(path).features)
    if every is None:
        _materialize_once(rows, views, full=full, as_json=as_json)
        return
    while True:
        try:
            _materialize_once(rows, views, full=False, as_json=as_json, tells_all=False)
        except DragomanError as error:
            click.echo(f"{error} It is tried again in {every:g} s.", err=True)
        time.sleep(every)


def _materialize_once(
    rows: FeatureRows, views: Sequence[str], *, full: bool, as_json: bool, tells_all: bool = True
) -> None:
    done = []
    with view_progress() if tells_all else nullcontext(_say_nothing) as show:
        for one in rows.materialize(views, full=full, report=show):
            done.append(one)
            if not as_json and (tells_all or one.is_new):
                click.echo(_done_words(one))
    if as_json and (tells_all or any(one.is_new for one in done)):
        print_json([one.after for one in done])
    if tells_all and not done and not as_json:
        click.echo("No view is applied: `dragoman features apply` puts those of features/*.py in force.")


def _say_nothing(view: AppliedView, progress: Progress) -> None:
    """Of a look that comes round again."""


def _done_words(one: Materialized) -> str:
    old = "" if one.in_force else f", the definition {short(one.view.digest)} that a version in use was trained with"
    mark = one.after
    newest = f"the newest event was known at {mark.available}" if mark.available else "without events"
    told = f"{one.view.name}{old}: {mark.rows:,} rows, {newest}"
    return told if one.is_new else f"{told}; nothing was new"


@click.command("push")
@click.argument("view")
@click.argument("file", type=click.File("rb"))
@as_json
@workspace
def push(view: str, file: IO[bytes], *, as_json: bool, path: str) -> None:
    """Add events to online rows at once, before they are ingested.

    FILE has a JSON object a line, with the columns of the source; - reads standard input. An event that the source
    brings later counts once, where the view names an `id`.
    """
    from dragoman.app.feature_rows import FeatureRows  # heavy: pyarrow

    pushed = FeatureRows(open_workspace(path).features).push(view, list(_events(file)))
    if as_json:
        print_json(pushed._asdict())
        return
    again = f", {pushed.repeated:,} of them known already" if pushed.repeated else ""
    click.echo(f"{view}: {pushed.events:,} events of {pushed.keys:,} keys{again}.")


def _events(file: IO[bytes]) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(file, 1):
        if line.strip():
            try:
                yield msgspec.json.decode(line, type=dict[str, Any])
            except msgspec.DecodeError as error:
                raise InvalidData(
                    f"{_name_of(file)}:{number}: this is no JSON object: {error}.", help="Write one event a line."
                ) from None


def _name_of(file: IO[bytes]) -> str:
    name = str(getattr(file, "name", "-"))
    return "standard input" if name in ("-", "<stdin>") else name
