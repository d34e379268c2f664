"""Labels of the same text settled among each other: each text counts once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from typing import NamedTuple

__all__ = ["Distinct", "settled"]


class Distinct(NamedTuple):
    """What the labels of one text, in one language, come to."""

    first: int  # place of its oldest prediction, which names the row from then on
    last: int  # of its newest one
    label: str  # that most of them have; empty where none has most
    labels: int


def settled(subjects: Iterable[Hashable], labels: Sequence[str]) -> list[Distinct]:
    """One for each different subject, in the order in which they come first; `labels` are in the order of time."""
    places: dict[Hashable, list[int]] = {}
    for place, subject in enumerate(subjects):
        places.setdefault(subject, []).append(place)
    return [
        Distinct(
            own[0], own[-1], labels[own[0]] if len(own) == 1 else _majority([labels[one] for one in own]), len(own)
        )
        for own in places.values()
    ]


def _majority(labels: Sequence[str]) -> str:
    (most, votes), *others = Counter(labels).most_common(2)
    return "" if others and others[0][1] == votes else most
