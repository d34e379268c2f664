"""`dragoman loop decisions` and `jobs`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, get_args

import click

from dragoman import clock
from dragoman.cli.loop_words import compute_words, moment, verdict_words
from dragoman.cli.options import as_json, print_json, print_table, workspace
from dragoman.records import Job, JobKind, JobStatus, RetrainDecision

__all__ = ["decisions", "jobs"]

JOBS = ("job", "status", "stage done", "attempts", "due", "finished", "took", "what came of it")
DECISIONS = ("time", "champion", "verdict", "why", "until")
LIMIT = 20


def limit_option(command: Any) -> Any:
    """The option that says how many rows are shown."""
    help = "Show so many, the newest."
    return click.option("--limit", type=click.IntRange(1), default=LIMIT, show_default=True, help=help)(command)


@click.command("decisions")
@click.argument("model")
@limit_option
@as_json
@workspace
def decisions(model: str, *, limit: int, as_json: bool, path: str) -> None:
    """Show every decision to train MODEL anew, or not to: what asked for it, and what stood against it.

    A decision that says the same as the one before is kept once a day. --json has all numbers that were looked at.
    """
    from dragoman.app.loop_place import open_loop_place  # heavy: sqlalchemy
    from dragoman.app.loop_status import LoopDesk

    found = LoopDesk(open_loop_place(path)).decisions(model)[:limit]
    if as_json:
        print_json(found)
    elif not found:
        click.echo(f"Nothing was decided of '{model}' yet: the loop does so where its spec has [retraining].")
    else:
        print_table(DECISIONS, [row for one in found for row in _decision_rows(one)])


def _decision_rows(decision: RetrainDecision) -> Iterator[tuple[str, ...]]:
    reasons = [(one.text, "") for one in decision.triggers]
    reasons += [(f"but {one.text[0].lower()}{one.text[1:]}", one.until) for one in decision.blocks if one.text]
    if decision.approved_by:
        reasons.append((f"{decision.approved_by} approved it.", ""))
    if decision.job:
        reasons.append((f"The job is '{decision.job}'.", ""))
    head = (moment(decision.time), str(decision.champion), verdict_words(decision.verdict))
    for text, until in reasons or [("Nothing asks for a training.", "")]:
        yield (*head, text, moment(until))
        head = ("", "", "")


@click.command("jobs")
@click.argument("model", required=False)
@click.option("--kind", "kinds", multiple=True, type=click.Choice(get_args(JobKind)), help="Only these; repeatable.")
@click.option(
    "--status", "statuses", multiple=True, type=click.Choice(get_args(JobStatus)), help="Only these; repeatable."
)
@click.option("--days", type=click.FloatRange(min=0, min_open=True), help="Only those of the last days.")
@limit_option
@as_json
@workspace
def jobs(
    model: str | None, *, kinds: Any, statuses: Any, days: float | None, limit: int, as_json: bool, path: str
) -> None:
    """Show jobs of the loop, the newest first: of MODEL, or all.

    Periodic jobs that are over are forgotten after seven days, trainings never.
    """
    from dragoman.app.loop_place import open_loop_place  # heavy: sqlalchemy

    place = open_loop_place(path)
    name = place.spec(model).name if model else None
    since = "" if days is None else _written(days)
    found = place.catalog.jobs(model=name, kinds=kinds, statuses=statuses, since=since)[::-1][:limit]
    if as_json:
        print_json(found)
    elif not found:
        click.echo("There are no such jobs.")
    else:
        print_table(JOBS, [_job_row(job) for job in found])


def _job_row(job: Job) -> tuple[str, ...]:
    attempts = str(job.attempts) if job.attempts else ""
    due = "" if job.is_over else moment(job.due)
    told = job.error or job.output.get("message", "")
    return job.id, job.status, job.stage, attempts, due, moment(job.finished), compute_words(job.spent), told


def _written(days: float) -> str:
    start = clock.utc() - timedelta(days=days)
    return start.isoformat(timespec="milliseconds").replace("+00:00", "Z")
