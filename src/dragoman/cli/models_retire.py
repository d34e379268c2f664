"""`dragoman models retire` and `dragoman models restore`."""

from __future__ import annotations

from pathlib import Path

import click

from dragoman.app import open_workspace
from dragoman.app.retirement import restore_archive, retire_version
from dragoman.cli.options import by_user, workspace

__all__ = ["restore", "retire"]


@click.command("retire")
@click.argument("model")
@click.option("--reason", required=True, metavar="TEXT", help="Why; it is recorded.")
@click.option(
    "--archive",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Where the archive is written. Default: archive/ in the workspace's state.",
)
@workspace
def retire(model: str, *, reason: str, archive: Path | None, path: str) -> None:
    """Archive a version that nobody uses, and let it be served no more.

    MODEL is NAME/NUMBER. Refused while an alias points at it, a release uses it, or a server has loaded it: each is
    named.
    """
    version, written = retire_version(open_workspace(path), model, by=by_user(reason), archives=archive)
    click.echo(f"{version.uri} is retired. Its archive is {written}.")


@click.command("restore")
@click.argument("archive", type=click.Path(path_type=Path))
@click.option("--reason", required=True, metavar="TEXT", help="Why; it is recorded.")
@workspace
def restore(archive: Path, *, reason: str, path: str) -> None:
    """Register the version of an archive again, in this workspace or in another one."""
    version = restore_archive(open_workspace(path), archive, by=by_user(reason))
    click.echo(f"{version.uri} is registered, aliases: {', '.join(version.aliases) or 'none'}.")
