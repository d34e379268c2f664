"""`dragoman loop`."""

from __future__ import annotations

import logging
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from dragoman.cli.loop_ask import approve, cancel, retrain
from dragoman.cli.loop_lists import decisions, jobs
from dragoman.cli.loop_status import status
from dragoman.cli.loop_work import end_with, work
from dragoman.cli.options import workspace

if TYPE_CHECKING:
    from dragoman.app.loop import Loop

__all__ = ["command"]


@click.group("loop", invoke_without_command=True)
@click.option("--once", is_flag=True, help="Do what is due now, and stop; the exit code is 1 if a job failed.")
@click.option("--parent", type=int, hidden=True, help="The process with which this one ends.")
@workspace
@click.pass_context
def command(context: click.Context, *, once: bool, parent: int | None, path: str) -> None:
    """Look after models in use; train anew when their specs say so.

    It measures live quality, makes review tasks, keeps features fresh and tables small. Without another command this
    process is the loop of the workspace, until SIGTERM; `dragoman up` has one already. Of several, one works and the
    others wait to take over.
    """
    if context.invoked_subcommand is not None:
        if context.get_parameter_source("path") is not ParameterSource.DEFAULT:
            raise click.UsageError(f"--workspace belongs behind '{context.invoked_subcommand}'.")
        return
    end_with(parent)
    context.exit(_once(path) if once else _run(path))


for one in (status, decisions, jobs, approve, retrain, cancel, work):
    command.add_command(one)


def _run(path: str) -> int:
    from dragoman.app.child_process import give_way
    from dragoman.app.loop import Loop  # heavy: sqlalchemy
    from dragoman.app.loop_place import open_loop_place
    from dragoman.monitoring.log_format import logging_as

    give_way()
    place = open_loop_place(path)
    with logging_as(place.settings.log_format):
        loop = Loop(place)
        _stop_at_signals(loop)
        logging.getLogger("dragoman.loop").info("The loop of %s begins.", Path(path).resolve())
        code = loop.run()
    if loop.hangs:
        os._exit(code)  # its thread may be in a library that does not survive the end of the interpreter
    return code


def _once(path: str) -> int:
    from dragoman.app.loop import Loop  # heavy: sqlalchemy
    from dragoman.app.loop_place import open_loop_place

    loop = Loop(open_loop_place(path))
    _stop_at_signals(loop)
    done = loop.once()
    for job in done:
        click.echo(f"{job.id}: {job.status}{f': {job.error}' if job.error else ''}")
    if not done:
        click.echo("Nothing is due.")
    return int(any(job.status == "failed" or job.attempts for job in done))


def _stop_at_signals(loop: Loop) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, frame: loop.stop())
