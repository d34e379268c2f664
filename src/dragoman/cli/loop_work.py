"""`dragoman loop work`: a retraining in a process of its own."""

from __future__ import annotations

import signal
from types import FrameType

import click

from dragoman.cli.options import workspace

__all__ = ["end_with", "work"]


def end_with(parent: int | None) -> None:
    """End when the process `parent` does; without one, not."""
    if parent is not None:
        from dragoman.app.child_process import end_with_parent

        end_with_parent(parent)


@click.command("work", hidden=True)
@click.argument("job")
@click.option("--parent", type=int, help="The process with which this one ends.")
@workspace
def work(job: str, *, parent: int | None, path: str) -> int:
    """Work on the retrain job JOB, beside everything else on this machine. The exit code is 0 however the job ends."""
    from dragoman.app.child_process import give_way
    from dragoman.app.loop import say_outcome  # heavy: sqlalchemy
    from dragoman.app.loop_jobs import retrain_kinds
    from dragoman.app.loop_lease import holder_name
    from dragoman.app.loop_place import open_loop_place
    from dragoman.loop.worker import Worker
    from dragoman.monitoring.log_format import logging_as

    signal.signal(signal.SIGTERM, _end)
    end_with(parent)
    give_way()
    place = open_loop_place(path)
    with logging_as(place.settings.log_format):
        say_outcome(Worker(place.catalog, retrain_kinds(place), holder=holder_name()).run(job))
    return 0


def _end(number: int, frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)  # once is enough: the job is being put back
    raise SystemExit(128 + number)
