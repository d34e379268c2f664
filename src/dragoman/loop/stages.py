"""The stages of a job: what is done in one go, and saved when it is done."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from dragoman.errors import Conflict
from dragoman.records import Job

__all__ = ["Ended", "NotYet", "Stage", "stages_after"]


class Stage(NamedTuple):
    """A part of a job.

    `run` gets the job with the output of the stages before, and what it returns is merged into that: plain data that
    JSON can hold. It may be killed at any moment and is then run again with the same job, maybe by another process
    while a paused one still runs it: the second time must give the same, and find what the first one has done.
    """

    name: str
    run: Callable[[Job], Mapping[str, Any]]


class NotYet(Exception):
    """Raised by a stage that has to wait for something. No attempt is counted, and the stage is run again later.

    `text` says what it waits for, as a sentence; `seconds` after which it is worth another look.
    """

    def __init__(self, text: str, seconds: float) -> None:
        super().__init__(text)
        self.text, self.seconds = text, seconds


class Ended(Exception):
    """Raised by a stage after which nothing is left to do. The job is done; `output` is merged into its output."""

    def __init__(self, **output: Any) -> None:
        super().__init__()
        self.output = output


def stages_after(stages: Sequence[Stage], name: str) -> Sequence[Stage]:
    """Those that follow the stage of that name; all of them after none. Raises `Conflict` for an unknown one."""
    names = [stage.name for stage in stages]
    if name and name not in names:
        raise Conflict(
            f"The stage {name!r} of the job is not known here.",
            help="Another release began the job: let that one end it, or cancel it.",
        )
    return stages[names.index(name) + 1 :] if name else stages
