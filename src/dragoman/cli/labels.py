"""`dragoman labels`."""

from __future__ import annotations

import click

from dragoman.cli.labels_add import add
from dragoman.cli.labels_events import events
from dragoman.cli.labels_quality import delays, quality
from dragoman.cli.labels_review import agreement, queue, reviewers
from dragoman.cli.labels_task import label, next_, show, skip, undo

__all__ = ["command"]


@click.group("labels")
def command() -> None:
    """Bring labels back, and see from them how good a model is in use.

    A label is the truth of a prediction, told afterwards: by users, by another system, or by people who review.
    """


for one in (add, events, quality, delays, queue, next_, label, skip, undo, show, agreement, reviewers):
    command.add_command(one)
