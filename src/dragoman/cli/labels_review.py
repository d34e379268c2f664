"""`dragoman labels queue`, `agreement` and `reviewers`: what waits to be reviewed, and by whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dragoman.app import open_workspace
from dragoman.cli.options import as_json, by_user, print_json, print_table, workspace

if TYPE_CHECKING:
    from dragoman.app.review import Made
    from dragoman.feedback.review.agreement import Agreement
    from dragoman.feedback.review.backlog import Backlog, BacklogRow, ReviewerRow

__all__ = ["agreement", "queue", "reviewers"]

QUEUE = ("language", "reason", "open", "claimed", "done", "contested", "skipped", "expired", "oldest")
REVIEWERS = ("reviewer", "languages", "per day", "today", "answered", "skipped", "undone", "holds", "median")


@click.command("queue")
@click.argument("model")
@click.option("--make", is_flag=True, help="Make today's tasks first.")
@click.option(
    "--days", default=1.0, show_default=True, type=click.FloatRange(min=0, min_open=True),
    help="With --make: how far back predictions are looked at, where no tasks were made since.",
)  # fmt: skip
@as_json
@workspace
def queue(model: str, *, make: bool, days: float, as_json: bool, path: str) -> None:
    """Show the review tasks of MODEL: how many wait in each language, and why each was chosen.

    --make adds the tasks of today (in UTC) from the predictions since the last time; once a day. What they are chosen
    by stands below [review] in the spec.
    """
    from dragoman.app.review import Review  # heavy: pyarrow

    review = Review(open_workspace(path))
    if make:
        _say_made(review.make(model, days=days, by=by_user("")), quiet=as_json)
    else:
        review.sweep(model)
    found = review.backlog(model)
    if as_json:
        print_json(found)
    else:
        _print_backlog(found)


def _say_made(made: Made, *, quiet: bool) -> None:
    draw = made.draw
    predictions = f"{sum(draw.predictions.values()):,} predictions"
    if quiet:
        return
    if made.is_new:
        audits = sum(draw.audits.values())
        new = f"{len(made.tasks):,} tasks are" if len(made.tasks) > 1 else "1 task is"
        click.echo(f"{new} new, {audits:,} of them drawn at random, from {predictions}.")
    elif draw.tasks:
        click.echo(f"The tasks of {draw.day} were made at {draw.until}: nothing is new.")
    else:
        click.echo(f"No tasks were made: the log has {predictions} since {draw.since} that could be asked about.")


def _print_backlog(found: Backlog) -> None:
    if not found.rows:
        click.echo(f"'{found.model}' has no review tasks: --make makes today's.")
        return
    print_table(QUEUE, [_backlog_row(row) for row in found.rows])
    for language in found.nobody:
        click.echo(f"note: no reviewer knows '{language}': add one in reviewers.toml.")


def _backlog_row(row: BacklogRow) -> tuple[str, ...]:
    counts = (row.open, row.claimed, row.done, row.contested, row.skipped, row.expired)
    oldest = "" if row.oldest_hours is None else f"{row.oldest_hours:,.0f} h"
    return (row.language or "und", row.reason, *(f"{count:,}" for count in counts), oldest)


@click.command("reviewers")
@click.argument("model")
@as_json
@workspace
def reviewers(model: str, *, as_json: bool, path: str) -> None:
    """Show who reviews, in which languages, and what they have done for MODEL."""
    from dragoman.app.review import Review  # heavy: pyarrow

    place = open_workspace(path)
    found = Review(place).backlog(place.spec(model).name).reviewers
    if as_json:
        print_json(found)
    elif not found:
        click.echo("There are no reviewers: write a table [[reviewers]] for each in reviewers.toml.")
    else:
        print_table(REVIEWERS, [_reviewer_row(row) for row in found])


def _reviewer_row(row: ReviewerRow) -> tuple[str, ...]:
    counts = (row.today, row.answered, row.skipped, row.undone, row.holds)
    per_day = f"{row.per_day:,}" if row.per_day else "any"
    median = "" if row.median_seconds is None else f"{row.median_seconds:,.0f} s"
    return (row.name, " ".join(row.languages), per_day, *(f"{count:,}" for count in counts), median)


@click.command("agreement")
@click.argument("model")
@as_json
@workspace
def agreement(model: str, *, as_json: bool, path: str) -> None:
    """Show how far people agree on tasks of MODEL that two answered: Krippendorff's alpha, language by language.

    1: always; 0: as often as by chance. The interval is that of a bootstrap over tasks, for ten tasks or more.
    """
    from dragoman.app.review import Review  # heavy: pyarrow

    place = open_workspace(path)
    found = Review(place).agreement(place.spec(model).name)
    if as_json:
        print_json(found)
    elif not found[0].tasks:
        click.echo(f"No task of '{model}' has two answers yet.")
    else:
        columns = ("language", "tasks", "same", "alpha", "interval")
        print_table(columns, [_agreement_row(row) for row in found])


def _agreement_row(row: Agreement) -> tuple[str, ...]:
    alpha = "" if row.alpha is None else f"{row.alpha:.2f}"
    interval = "" if row.interval is None else f"{row.interval.low:.2f} to {row.interval.high:.2f}"
    return (row.language or "und", f"{row.tasks:,}", f"{row.same:,}", alpha, interval)
