"""`dragoman init`."""

from __future__ import annotations

import click

from dragoman.app import init_workspace

__all__ = ["command"]


@click.command("init")
@click.argument("folder")
def command(folder: str) -> None:
    """Write the example workspace to a new folder.

    It holds a spec (models/support.toml), customer-support messages in 24 languages, and dragoman.toml.
    """
    root = init_workspace(folder)
    click.echo(f"Wrote {root}")
    click.echo(f"Next: dragoman up {folder}")
