"""How urgent a request is, and whose it is."""

from __future__ import annotations

from typing import Literal, NamedTuple

__all__ = ["Options", "Priority"]

Priority = Literal["online", "bulk"]


class Options(NamedTuple):
    """What the batcher knows of a request beside its texts."""

    priority: Priority = "online"
    deadline: float | None = None  # seconds of `time.monotonic` after which nobody waits for the answer
    caller: str = ""  # callers share the engine fairly
    subject: str = ""  # who the texts are about: a release keeps one subject with one version
    is_copy: bool = False  # of a request that another version answered
