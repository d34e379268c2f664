"""`dragoman loop approve`, `retrain` and `cancel`: what people tell the loop."""

from __future__ import annotations

import click

from dragoman.cli.options import as_json, by_user, print_json, reason, workspace

__all__ = ["approve", "cancel", "retrain"]


@click.command("approve")
@click.argument("model")
@reason
@as_json
@workspace
def approve(model: str, *, reason: str, as_json: bool, path: str) -> None:
    """Approve the training of MODEL that waits for it, where its spec says `approval = true`.

    It begins with the next look of the loop, which follows at once, if nothing else stands against it by then. An
    approval counts for this champion, for seven days.
    """
    from dragoman.app.loop_place import open_loop_place  # heavy: sqlalchemy
    from dragoman.app.loop_status import LoopDesk

    decision = LoopDesk(open_loop_place(path)).approve(model, by=by_user(reason))
    if as_json:
        print_json(decision)
    else:
        click.echo(f"{decision.approved_by} approved the training of '{model}' that was asked for at {decision.time}.")


@click.command("retrain")
@click.argument("model")
@click.option(
    "--force", is_flag=True, help="Pass over too few labels, cooldown, calendar and approval; never a budget."
)
@reason
@as_json
@workspace
def retrain(model: str, *, force: bool, reason: str, as_json: bool, path: str) -> None:
    """Ask for a training of MODEL.

    The loop decides at once. What its spec says still governs it: while something stands against a training it stays
    asked for, up to seven days.
    """
    from dragoman.app.loop_place import open_loop_place  # heavy: sqlalchemy
    from dragoman.app.loop_status import LoopDesk

    job = LoopDesk(open_loop_place(path)).ask(model, by=by_user(reason), force=force)
    if as_json:
        print_json(job)
    else:
        click.echo(f"A training of '{model}' is asked for. `dragoman loop status` shows what comes of it.")


@click.command("cancel")
@click.argument("job")
@reason
@as_json
@workspace
def cancel(job: str, *, reason: str, as_json: bool, path: str) -> int:
    """Cancel JOB, as `dragoman loop jobs` names it. A training that runs is ended; what it has made so far stays.

    The exit code is 1 if it was over already.
    """
    from dragoman.app.loop_place import open_loop_place  # heavy: sqlalchemy
    from dragoman.loop.cancelling import cancel_job

    found = cancel_job(open_loop_place(path).catalog, job, by=by_user(reason))
    if as_json:
        print_json(found)
    else:
        said = "is cancelled" if found.status == "cancelled" else f"was {found.status} already"
        click.echo(f"'{job}' {said}.")
    return int(found.status != "cancelled")
