"""Rows that only all rows together show to be bad, such as doubles: taken out of those that are staged."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dragoman.data.quarantine import BadRows
from dragoman.data.rules import LateRows
from dragoman.data.sifting import Judging, Sift
from dragoman.data.staging import Stage

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

__all__ = ["without_late"]


def without_late(stage: Stage, into: Stage, *, sift: Sift, bad: BadRows) -> Iterator[int]:
    """Copy the staged rows, without the late ones, which are told to `bad`; yields how many rows were looked at.

    Late rows that are in a version already stay there.
    """
    numbers = np.concatenate([np.zeros(0, dtype=np.int64), *(one.kept() + one.start for one in sift.ledger)])
    late = np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *(one.rows for one in sift.late)]))
    done = 0
    for batch in stage.batches():
        here = numbers[done : done + batch.num_rows]
        is_late = np.isin(here, late)
        if is_late.any():
            chosen = here[is_late].tolist()
            places = [_place(sift.ledger, number) for number in chosen]
            bad.late(batch, np.flatnonzero(is_late).tolist(), _whys(sift.late, chosen), places)
        into.add(batch.filter(_mask(~is_late)))
        done += batch.num_rows
        yield done


def _whys(late: Sequence[LateRows], numbers: Sequence[int]) -> list[dict[str, str]]:
    """For each row, the words of the rules that it breaks, by rule."""
    found: list[dict[str, str]] = [{} for _ in numbers]
    for one in late:
        places = np.searchsorted(one.rows, numbers)
        for number, place in enumerate(places.tolist()):
            if place < len(one.rows) and one.rows[place] == numbers[number]:
                found[number][one.rule] = one.words
    return found


def _place(ledger: Sequence[Judging], number: int) -> tuple[str, int]:
    judging = ledger[bisect_right(ledger, number, key=lambda one: one.start) - 1]
    return judging.place.file, judging.place.line_of(number - judging.start)


def _mask(chosen: NDArray[np.bool_]) -> pa.Array:
    import pyarrow as pa  # heavy: serving does without it

    return pa.array(chosen)
