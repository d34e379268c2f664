"""`dragoman features`."""

from __future__ import annotations

import click

from dragoman.cli.features_plan import apply, plan
from dragoman.cli.features_read import freshness, get, verify
from dragoman.cli.features_rows import materialize, push
from dragoman.cli.features_skew import skew

__all__ = ["command"]


@click.group("features")
def command() -> None:
    """Apply feature views, keep their rows fresh, find skew.

    Views are written in features/*.py of the workspace. `plan` shows what would change, `apply` puts it in force, and
    `materialize` makes the rows that models look up.
    """


for one in (plan, apply, materialize, push, get, freshness, verify, skew):
    command.add_command(one)
