"""`dragoman train`."""

from __future__ import annotations

import click

from dragoman.app import open_workspace
from dragoman.cli.options import by_user, workspace
from dragoman.cli.progress import training_progress
from dragoman.records import Version
from dragoman.registry.uri import CHALLENGER
from dragoman.training.runs import result_of

__all__ = ["command"]


@click.command("train")
@click.argument("model", required=False)
@click.option("--again", is_flag=True, help="Train even if nothing has changed.")
@click.option(
    "--over-budget",
    metavar="REASON",
    help="Train even if the model's budget has no room for it; the reason stands in the audit log.",
)
@workspace
def command(model: str | None, *, again: bool, over_budget: str | None, path: str) -> None:
    """Train a model and register the result as a version.

    A version that passes the gates of its spec becomes the champion or, where the spec has a release plan, the
    challenger; exit code 1 says that it did not pass, or that the budget of its spec has no room for a training. A
    training that was killed goes on where it was.
    """
    from dragoman.app.ledger import overrun_of  # heavy: the parts that count

    place = open_workspace(path)
    name = place.spec(model).name
    by = None if over_budget is None else by_user(over_budget)
    with training_progress(name) as report:
        outcome = place.train(name, again=again, over_budget=by, report=report)
    version = outcome.version
    if not outcome.trained:
        click.echo(f"Nothing has changed since {version.uri} was trained; --again trains it again.")
        return
    place_now = f"the {outcome.alias}" if outcome.alias else "registered"
    click.echo(
        f"{version.uri} is {place_now}: {result_of(outcome.run.metrics)}, trained in {outcome.run.seconds:.0f} s"
    )
    if not outcome.alias:
        click.echo("The champion has learned from labels beside the same data, and stays.")
    if overrun := overrun_of(place, place.spec(name), outcome.run):
        click.echo(overrun)
    if outcome.alias == CHALLENGER:
        click.echo(release_hint(version))


def release_hint(version: Version) -> str:
    """How a challenger becomes the champion."""
    return f"To release it: dragoman release start {version.model} --challenger {version.number}"
