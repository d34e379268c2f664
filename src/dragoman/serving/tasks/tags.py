"""Labels of token classifiers: what they say of a token's place in an entity, and of its kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["OUTSIDE", "Tag", "read_tags"]

OUTSIDE = "O"
PLACES = {  # prefix → does an entity begin here, and does it end here
    "B": (True, False),
    "I": (False, False),
    "E": (False, True),  # BIOES
    "L": (False, True),  # BILOU
    "M": (False, False),  # BMES
    "S": (True, True),  # BIOES, BMES
    "U": (True, True),  # BILOU
}


class Tag(NamedTuple):
    """A label, read. Without begin and end, it goes on with an entity of the same kind, or begins one."""

    kind: str  # "PER"; empty outside of entities
    begins: bool = False
    ends: bool = False


def read_tags(labels: Sequence[str]) -> list[Tag]:
    """Read the labels of a head: IOB1, IOB2 (BIO), BIOES, BILOU, BMES, or kinds without prefixes.

    `B-` and `I-` are always prefixes; the others only beside a `B-` of the same kind, so that "E-MAIL" stays whole.
    In IOB1 a `B-` stands only between neighbours of one kind: the same rules read it.
    """
    known = set(labels)
    return [_read(label, known) for label in labels]


def _read(label: str, known: set[str]) -> Tag:
    if label.upper() == OUTSIDE:
        return Tag("")
    place, dash, kind = label.partition("-")
    if not (dash and kind and place in PLACES):
        return Tag(label)
    if place in "BI" or f"B-{kind}" in known:
        return Tag(kind, *PLACES[place])
    return Tag(label)
