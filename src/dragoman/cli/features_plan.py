"""`dragoman features plan` and `dragoman features apply`."""

from __future__ import annotations

import click

from dragoman.app import open_workspace
from dragoman.cli.features_words import plan_lines
from dragoman.cli.options import as_json, by_user, print_json, reason, workspace

__all__ = ["apply", "plan"]


@click.command("plan")
@as_json
@workspace
def plan(*, as_json: bool, path: str) -> None:
    """Show what applying the views would change, and which models read them.

    Every view is held against its source first. A version that answers keeps the definition that it was trained with,
    whatever is applied.
    """
    found = open_workspace(path).features.plan()
    if as_json:
        print_json(found.changes)
        return
    for line in plan_lines(found.changes):
        click.echo(line)


@click.command("apply")
@reason
@as_json
@workspace
def apply(*, reason: str, as_json: bool, path: str) -> None:
    """Put the views of features/*.py in force, all of them or none.

    Who did it, when and why stands in the audit log. Rows of a changed view are made by the next
    `dragoman features materialize`; versions that are trained from then on read them.
    """
    features = open_workspace(path).features
    planned = features.plan()
    changed = features.apply(planned, by=by_user(reason))
    if as_json:
        print_json(changed)
        return
    for line in plan_lines(planned.changes):
        click.echo(line)
    if changed:
        made = [view.name for view in changed if not view.retired]
        click.echo(f"Applied: {', '.join(view.name for view in changed)}.")
        if made:
            click.echo("`dragoman features materialize` makes their rows.")
