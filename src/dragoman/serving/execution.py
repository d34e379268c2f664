"""Running a batch: through the session, then through the readouts."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from dragoman.errors import DragomanError, Unavailable
from dragoman.models.packing import PackedBatch, pack
from dragoman.models.readouts import Readout
from dragoman.runtime.base import DividedSession, Floats, Session
from dragoman.serving.sequence import Output
from dragoman.serving.work import Work

__all__ = ["Outcome", "Ran", "read_out", "run_session"]

logger = logging.getLogger(__name__)

AGAIN = "load the model again."
ALLOCATION_FAILURES = ("bad_alloc", "bad allocation", "failed to allocate", "out of memory")

Outcome = Output | Exception


class Ran(NamedTuple):
    """Texts that went through the session together: their hidden states, or why there are none."""

    works: list[Work]
    packed: PackedBatch
    hidden: Floats | Exception


def run_session(session: Session, works: list[Work], *, first_position: int, half: int | None = None) -> list[Ran]:
    """Run texts together, on a half of the session or on all of it.

    Where there is not enough memory for all texts at once they run in two parts, and those in two parts again.
    """
    packed = packed_of(works, first_position=first_position)
    try:
        return [Ran(works, packed, checked(run_on(session, packed, half), packed))]
    except Exception as error:
        if not is_allocation_failure(error):
            logger.exception("A batch of %d texts failed.", len(works))
            return [Ran(works, packed, error)]
    if len(works) == 1:
        return [Ran(works, packed, out_of_memory(len(works[0])))]
    middle = len(works) // 2
    parts = (works[:middle], works[middle:])
    return [ran for part in parts for ran in run_session(session, part, first_position=first_position, half=half)]


def run_on(session: Session, packed: PackedBatch, half: int | None) -> Floats:
    if half is None:
        return session.run(packed)
    assert isinstance(session, DividedSession)  # others run one batch at a time
    return session.run(packed, half)


def packed_of(works: list[Work], *, first_position: int) -> PackedBatch:
    """The texts as one batch."""
    features = [work.features for work in works]
    return pack(
        [work.ids for work in works],
        first_position=first_position,
        types=[work.types for work in works],
        features=None if all(one is None for one in features) else features,
    )


def read_out(parts: Iterable[Ran]) -> list[Outcome]:
    """What each text's readout says, in order; a readout is called once for all texts of a part that it reads."""
    return [outcome for part in parts for outcome in _read_part(part)]


def checked(hidden: Floats, packed: PackedBatch) -> Floats:
    """The hidden states, if there is one for each token."""
    if len(hidden) != packed.tokens:
        raise DragomanError(f"The session gave {len(hidden)} vectors for {packed.tokens} tokens.", help=AGAIN)
    return hidden


def is_allocation_failure(error: Exception) -> bool:
    """Whether there was not enough memory. Some runtimes say so only in their message."""
    return isinstance(error, MemoryError) or any(words in str(error).lower() for words in ALLOCATION_FAILURES)


def out_of_memory(tokens: int) -> Unavailable:
    """What the sender of a text is told that does not fit even alone."""
    return Unavailable(
        f"There was not enough memory for a text of {tokens} tokens.",
        help="send it again later, or give the server more memory.",
    )


def _read_part(part: Ran) -> list[Outcome]:
    if isinstance(part.hidden, Exception):
        return [part.hidden] * len(part.works)
    outcomes: dict[int, Outcome] = {}
    for readout, rows in _by_readout(part.works):
        outcomes.update(zip(rows, _read(readout, part, rows), strict=True))
    return [outcomes[row] for row in range(len(part.works))]


def _by_readout(works: list[Work]) -> list[tuple[Readout, list[int]]]:
    groups: dict[tuple[str, str], tuple[Readout, list[int]]] = {}
    for row, work in enumerate(works):
        group = (work.key[0], work.key[1]) if work.key else ("", work.readout.key)
        groups.setdefault(group, (work.readout, []))[1].append(row)
    return list(groups.values())


def _read(readout: Readout, part: Ran, rows: list[int]) -> list[Outcome]:
    assert isinstance(part.hidden, np.ndarray)  # _read_part saw to it
    try:
        outputs = readout.read(part.hidden, part.packed, rows)
    except Exception as error:
        if is_allocation_failure(error):
            return [out_of_memory(len(part.works[row])) for row in rows]
        logger.exception("Reading the results of %d texts failed.", len(rows))
        return [error] * len(rows)
    if len(outputs) != len(rows):
        what = f"The readout gave {len(outputs)} results for {len(rows)} texts."
        return [DragomanError(what, help=AGAIN)] * len(rows)
    for output in outputs:
        output.setflags(write=False)  # everybody who asked for the same gets this one
    return [*outputs]
