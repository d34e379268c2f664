"""`dragoman init`."""

from __future__ import annotations

import click

from dragoman.app import init_workspace
from dragoman.app.workspace import EXAMPLES

__all__ = ["command"]

NEXT = {  # what comes first in each example; its README has the rest
    "support": "dragoman up {folder}",
    "churn": "cd {folder}; python make_data.py, and on as README.md says",
    "demand": "dragoman up {folder}",
}


@click.command("init")
@click.argument("folder")
@click.option("--example", type=click.Choice(EXAMPLES), default=EXAMPLES[0], show_default=True, help="Which one.")
def command(folder: str, *, example: str) -> None:
    """Write an example workspace to a new folder.

    `support` routes messages of customers in 24 languages; `churn` reads messages beside features of the customer;
    `demand` forecasts what shops will sell.
    """
    root = init_workspace(folder, example=example)
    click.echo(f"Wrote {root}")
    click.echo(f"Next: {NEXT[example].format(folder=folder)}")
