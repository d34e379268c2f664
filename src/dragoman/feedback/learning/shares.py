"""How many new rows a training takes: so many old ones for each that nothing is forgotten."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from dragoman.records import Example

__all__ = ["Fresh", "room_of", "shared"]


class Fresh(NamedTuple):
    """A row that the champion has not learned from."""

    example: Example
    moment: int  # of the newest prediction that says so, in microseconds


def shared(fresh: Sequence[Fresh], old: Mapping[str, int], *, replay: float) -> tuple[list[Example], list[Example]]:
    """Those that train now, and those that wait, each by id.

    `old` are rows of the train split by language, `replay` how many of them each new one needs; 0: none. The newest go
    first: they say what is asked now, and the others find more old rows the next time. Rows of the dev and test splits
    teach nothing and are always taken.
    """
    room = {language: room_of(language, old, replay) for language in {one.example.language for one in fresh}}
    taken: list[Example] = []
    waiting: list[Example] = []
    for one in sorted(fresh, key=lambda one: (-one.moment, one.example.id)):
        if one.example.split == "train":
            room[one.example.language] -= 1
        fits = one.example.split != "train" or room[one.example.language] >= 0
        (taken if fits else waiting).append(one.example)
    return sorted(taken, key=lambda one: one.id), sorted(waiting, key=lambda one: one.id)


def room_of(language: str, old: Mapping[str, int], replay: float) -> float:
    """New rows of the train split that a language has room for.

    One without old rows has nothing to forget; its rows have the room of an average language, for the others' sake.
    """
    if not replay:
        return math.inf
    rows = old.get(language, 0) or sum(old.values()) / max(len(old), 1)
    return math.ceil(rows / replay)
