"""`dragoman labels next`, `label`, `skip`, `undo` and `show`: one review task at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click
import msgspec

from dragoman.app import open_workspace
from dragoman.cli.options import as_json, by_user, print_json, workspace
from dragoman.records import Record, ReviewDecision, ReviewTask

if TYPE_CHECKING:
    from dragoman.app.review import Review

__all__ = ["label", "next_", "show", "skip", "undo"]

Command = TypeVar("Command", bound=Callable[..., Any])


class ShownTask(Record, frozen=True, kw_only=True):
    """A task and what was said of it."""

    task: ReviewTask
    decisions: list[ReviewDecision]


def _reviewer(command: Command) -> Command:
    return click.option("--reviewer", required=True, metavar="NAME", help="Who answers, as in reviewers.toml.")(command)


def _note(command: Command) -> Command:
    return click.option("--note", default="", metavar="TEXT", help="What others should know of it.")(command)


@click.command("next")
@click.argument("model")
@_reviewer
@as_json
@workspace
def next_(model: str, *, reviewer: str, as_json: bool, path: str) -> None:
    """Take the next review task of MODEL in a language that the reviewer knows.

    It is theirs for a while: nobody else gets it, and asking again shows it again. The model's own answer is not shown:
    who sees it tends to agree with it.
    """
    review = _open(path)
    task = review.next(model, reviewer)
    if as_json:
        print_json(task and _blind(task))
    elif task is None:
        click.echo(f"No task of '{model}' waits for '{reviewer}'.")
    else:
        _print_task(task, review.workspace.spec(model).data.labels)


def _blind(task: ReviewTask) -> ReviewTask:
    """Without what the model said of it."""
    return msgspec.structs.replace(task, predicted="", score=0.0)


def _print_task(task: ReviewTask, labels: Sequence[str]) -> None:
    click.echo(f"task      {task.id}")
    click.echo(f"language  {task.language or 'und'}")
    if task.text:
        click.echo(f"text      {_plain(task.text)}")
    for name, value in task.features.items():
        click.echo(f"  {name} = {_plain(msgspec.json.encode(value).decode())}")
    click.echo(f"labels    {', '.join(labels)}")
    click.echo(f"until     {task.claimed_until}")


def _plain(text: str) -> str:
    """On one line, and without anything that a terminal would obey."""
    return "".join(one if one.isprintable() else " " for one in text)


@click.command("label")
@click.argument("task")
@click.argument("label")
@_reviewer
@_note
@workspace
def label(task: str, label: str, *, reviewer: str, note: str, path: str) -> None:
    """Answer a review TASK with a LABEL of its model."""
    _say(_open(path).label(task, label, reviewer, note=note, by=by_user(note)))


@click.command("skip")
@click.argument("task")
@_reviewer
@_note
@workspace
def skip(task: str, *, reviewer: str, note: str, path: str) -> None:
    """Leave a review TASK to others."""
    _say(_open(path).skip(task, reviewer, note=note, by=by_user(note)))


@click.command("undo")
@click.argument("task")
@click.option("--reviewer", default="", metavar="NAME", help="Whose decision. Default: the last one, whoever made it.")
@workspace
def undo(task: str, *, reviewer: str, path: str) -> None:
    """Take the last decision about a review TASK back, and with it the label that came of it."""
    _say(_open(path).undo(task, name=reviewer, by=by_user("taken back")))


def _say(task: ReviewTask) -> None:
    states = {
        "done": f"is done: {task.label}" if task.label else "is done without a label: people contradict each other",
        "open": "waits for another answer",
        "claimed": f"is with {task.claimed_by}",
        "skipped": "is over: nobody who knows its language can answer it",
        "expired": "is over: its time has passed",
    }
    click.echo(f"The task {task.id} {states[task.status]}.")


@click.command("show")
@click.argument("task")
@as_json
@workspace
def show(task: str, *, as_json: bool, path: str) -> None:
    """Show a review TASK, what the model answered, and what people said of it."""
    review = _open(path)
    found = ShownTask(task=review.task(task), decisions=review.decisions(task))
    if as_json:
        print_json(found)
        return
    for name, value in msgspec.to_builtins(found.task).items():
        if value not in ("", {}, 0):
            shown = value if isinstance(value, str) else msgspec.json.encode(value).decode()
            click.echo(f"{name:<14} {_plain(shown)}")
    for one in found.decisions:
        undone = f", taken back at {one.undone}" if one.undone else ""
        note = f": {_plain(one.note)}" if one.note else ""
        click.echo(f"{one.time}  {one.reviewer}  {one.label or 'skipped'}{undone}{note}")


def _open(path: str) -> Review:
    from dragoman.app.review import Review  # heavy: pyarrow

    return Review(open_workspace(path))
