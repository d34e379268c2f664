"""`dragoman labels add`."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

from dragoman.app import open_workspace
from dragoman.cli.options import as_json, by_user, print_json, reason, workspace
from dragoman.errors import NotFound

if TYPE_CHECKING:
    from dragoman.app.label_files import AddedLabels, LabelFile

__all__ = ["add"]


@click.command("add")
@click.argument("model")
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@click.option("--source", default="", metavar="NAME", help="Where labels come from whose file does not say it.")
@click.option("--skip-bad", is_flag=True, help="Keep what is right, and tell what is not.")
@reason
@as_json
@workspace
def add(
    model: str, files: Sequence[str], *, source: str, skip_bad: bool, reason: str, as_json: bool, path: str
) -> None:
    """Keep labels of predictions of MODEL.

    FILE has a JSON object a line, with `prediction_id` and `label`, and `source`, `time` and `labeler` where they are
    known; or it is the JSON export of Label Studio, whose tasks have the `prediction_id` in their data or meta. - reads
    standard input. What was told before is not kept again. If anything is wrong nothing is kept.
    """
    from dragoman.app.label_files import add_labels  # heavy: pyarrow

    with ExitStack() as opened:
        found = [_open(name, opened) for name in files]
        added = add_labels(open_workspace(path), model, found, source=source, skip_bad=skip_bad, by=by_user(reason))
    if as_json:
        print_json(added)
    else:
        _print_added(model, added)


def _open(name: str, opened: ExitStack) -> LabelFile:
    from dragoman.app.label_files import LabelFile  # heavy: as above

    try:
        file = opened.enter_context(click.open_file(name, "rb"))
    except OSError as error:
        raise NotFound(f"The file {name} cannot be read: {error.strerror}.", help="Name a file, or -.") from None
    return LabelFile("standard input" if name == "-" else name, file)


def _print_added(model: str, added: AddedLabels) -> None:
    again = f", {added.repeated:,} told before" if added.repeated else ""
    click.echo(f"{model}: {added.kept:,} of {added.given:,} labels are new and kept{again}.")
    if added.unknown:
        click.echo(
            f"{added.unknown:,} of their predictions are not in the log: labels count once the log has their "
            "prediction."
        )
    if added.left_out:
        click.echo(f"{len(added.left_out):,} were left out:")
        for text in added.left_out:
            click.echo(f"  {text}")
