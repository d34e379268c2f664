"""What is asked to be run, what runs together, and whether that is in time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from dragoman.models.readouts import Readout
from dragoman.serving.halves import Part
from dragoman.serving.sequence import Output
from dragoman.serving.sequence import Sequence as Running
from dragoman.serving.work import Key, Work

__all__ = ["Asked", "Batch", "is_late", "soonest_deadline"]

PATIENT = 2  # a caller has little time who came with less than so many batches


class Asked(NamedTuple):
    """One text that a caller wants run."""

    ids: Sequence[int]
    types: Sequence[int] | None
    readout: Readout
    key: Key
    sequence: Running
    features: Output | None = None  # [columns] that are read beside the text


class Batch(NamedTuple):
    """What runs next, and who is told instead that it is too late."""

    works: list[Work]
    late: list[Running]
    tokens: int
    budget: int  # tokens that it might have had
    part: Part = Part()  # of the session


def soonest_deadline(work: Work) -> float:
    """The first moment at which somebody stops waiting for it."""
    return min((one.deadline for one in work.waiters if one.deadline is not None), default=math.inf)


def is_late(sequence: Running, now: float, *, alone: float, full: float) -> bool:
    """Whether its time is too short for the batch that it would be in, which takes `full` seconds, or `alone`."""
    if sequence.deadline is None:
        return False
    has_patience = sequence.deadline - sequence.arrived >= PATIENT * full
    return sequence.deadline < now + (full if has_patience else alone)
