"""`dragoman train`."""

from __future__ import annotations

import click

from dragoman.app import open_workspace
from dragoman.cli.options import workspace
from dragoman.cli.progress import training_progress
from dragoman.records import Version
from dragoman.registry.uri import CHALLENGER
from dragoman.training.runs import result_of

__all__ = ["command"]


@click.command("train")
@click.argument("model", required=False)
@click.option("--again", is_flag=True, help="Train even if nothing has changed.")
@workspace
def command(model: str | None, *, again: bool, path: str) -> None:
    """Train a model and register the result as a version.

    A version that passes the gates of its spec becomes the champion or, where the spec has a release plan, the
    challenger; exit code 1 says that it did not pass. A training that was killed goes on where it was.
    """
    place = open_workspace(path)
    name = place.spec(model).name
    with training_progress(name) as report:
        outcome = place.train(name, again=again, report=report)
    version = outcome.version
    if not outcome.trained:
        click.echo(f"Nothing has changed since {version.uri} was trained; --again trains it again.")
        return
    click.echo(
        f"{version.uri} is the {outcome.alias}: {result_of(outcome.run.metrics)}, "
        f"trained in {outcome.run.seconds:.0f} s"
    )
    if outcome.alias == CHALLENGER:
        click.echo(release_hint(version))


def release_hint(version: Version) -> str:
    """How a challenger becomes the champion."""
    return f"To release it: dragoman release start {version.model} --challenger {version.number}"
