"""`dragoman loop status`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from dragoman.cli.loop_words import compute_words, moment, verdict_words
from dragoman.cli.options import as_json, print_json, print_table, workspace

if TYPE_CHECKING:
    from dragoman.app.loop_status import JobBrief, LoopStatus, ModelStatus
    from dragoman.records import RetrainDecision

__all__ = ["status"]

COLUMNS = ("model", "champion", "last decision", "decided", "evaluated", "next look", "now", "trainings", "took")
SHOWN_ERRORS = 5


@click.command("status")
@as_json
@workspace
def status(*, as_json: bool, path: str) -> None:
    """Show for each model what was decided last and why, what runs, and what its trainings took."""
    from dragoman.app.loop_place import open_loop_place  # heavy: sqlalchemy
    from dragoman.app.loop_status import LoopDesk

    found = LoopDesk(open_loop_place(path)).status()
    if as_json:
        print_json(found)
        return
    print_table(COLUMNS, [_row(one) for one in found.models])
    for line in _notes(found):
        click.echo(line)


def _row(one: ModelStatus) -> tuple[str, ...]:
    decision = one.decision
    verdict = verdict_words(decision.verdict) if decision else "" if one.retrains else "no [retraining]"
    return (
        one.model,
        "none" if one.champion is None else str(one.champion),
        verdict,
        moment(decision.time) if decision else "",
        moment(one.evaluated),
        moment(one.next_evaluation),
        ", ".join(_now(job) for job in one.jobs) or "nothing",
        str(one.trainings),
        compute_words(one.spent),
    )


def _now(job: JobBrief) -> str:
    after = f" after '{job.stage}'" if job.stage else ""
    tried = f", attempt {job.attempts + 1}" if job.attempts and job.status == "waiting" else ""
    return f"{job.kind} {job.status}{after}{tried}"


def _notes(found: LoopStatus) -> Iterator[str]:
    if not found.runs:
        yield "No process runs the loop: `dragoman up` has one, and `dragoman loop` is one."
    for one in found.models:
        if one.decision is not None:
            yield from (f"{one.model}: {text}" for text in _why(one.decision))
        if one.asked is not None and not _tells_request(one.decision):
            because = f" ({one.asked.reason})" if one.asked.reason else ""
            yield f"{one.model}: {one.asked.actor} has asked for a training{because}."
        if one.last_training is not None and (message := one.last_training.output.get("message")):
            yield f"{one.model}: of its last training: {message}"
        yield from (f"{one.model}: {job.kind} waits: {job.error}" for job in one.jobs if job.error)
    for job in found.failed[:SHOWN_ERRORS]:
        yield f"failed: {job.id}: {job.error}"
    if (more := len(found.failed) - SHOWN_ERRORS) > 0:
        yield f"{more} more failed in the last seven days: dragoman loop jobs --status failed"


def _tells_request(decision: RetrainDecision | None) -> bool:
    return decision is not None and any(trigger.kind == "asked" for trigger in decision.triggers)


def _why(decision: RetrainDecision) -> Iterator[str]:
    yield from (one.text for one in decision.triggers)
    for block in decision.blocks:
        until = f" Until {moment(block.until)}." if block.until else ""
        yield f"but {block.text[:1].lower()}{block.text[1:]}{until}"
    if decision.job:
        yield f"the job is '{decision.job}'."
