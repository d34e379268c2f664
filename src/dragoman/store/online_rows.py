"""What an online store holds: rows of two parts, by namespace and key."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeVar

from dragoman.errors import InvalidInput, StorageFull, Unavailable, Untrusted

__all__ = [
    "BATCH",
    "Change",
    "Namespace",
    "Pair",
    "Row",
    "batches",
    "changed",
    "contended",
    "half_character",
    "is_whole",
    "online_damaged",
    "online_full",
    "online_unavailable",
]

BATCH = 500  # rows of one statement, and keys of one step through a namespace

Pair = tuple[str, str]  # namespace and key
Item = TypeVar("Item")


class Row(NamedTuple):
    """What is known of one key: what a reader needs, and what only the next writer does."""

    served: bytes
    kept: bytes = b""


class Namespace(NamedTuple):
    """How much lies under one name. `bytes` is about what its rows take, without indexes."""

    name: str
    rows: int
    bytes: int


Change = Callable[[list[Row | None]], Sequence[Row | None]]


def changed(found: list[Row | None], change: Change) -> list[int]:
    """The places whose rows a change replaces; `found` has the new ones afterwards."""
    wanted = change([*found])
    places = [place for place, (old, new) in enumerate(zip(found, wanted, strict=True)) if old != new]
    found[:] = wanted
    return places


def batches(items: Sequence[Item], size: int = BATCH) -> Iterator[Sequence[Item]]:
    """The items, `size` at a time."""
    return (items[start : start + size] for start in range(0, len(items), size))


def is_whole(*texts: str) -> bool:
    """Whether a store can hold the texts: no half of a surrogate pair is in them."""
    try:
        "".join(texts).encode()
    except UnicodeEncodeError:
        return False
    return True


def half_character(text: str) -> InvalidInput:
    return InvalidInput(f"{text!r} holds half a character.", help="Send keys as whole Unicode texts.")


def contended(pairs: Sequence[Pair]) -> Unavailable:
    return Unavailable(
        f"Others kept changing the online row {pairs[0][1]!r} of '{pairs[0][0]}'.",
        help="Try again when fewer programs write it.",
    )


def online_unavailable(where: str, reason: object) -> Unavailable:
    return Unavailable(f"The online store {where} cannot be used now: {reason}.", help="Look at it and try again.")


def online_full(where: str) -> StorageFull:
    return StorageFull(f"No space left to write the online store {where}.", help="Free some space and try again.")


def online_damaged(where: str, reason: object) -> Untrusted:
    return Untrusted(
        f"The online store {where} cannot be read: {reason}.",
        help="Remove it and materialize the views again, or restore it from a backup.",
    )
