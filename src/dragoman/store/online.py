"""What an online store promises: the newest state of every entity, read while a request waits.

A row has two parts. `served` is all that a reader needs; `kept` is what the next writer needs beside it, so that a
reader does not pay for it. The checks in `tests/checks/online.py` hold every implementation to this.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from dragoman.errors import InvalidInput
from dragoman.store.online_redis import SCHEMES, RedisOnline
from dragoman.store.online_rows import Change, Namespace, Pair, Row
from dragoman.store.online_sqlite import SqliteOnline

__all__ = ["ONLINE_FILE", "Change", "Namespace", "OnlineStore", "Pair", "Row", "open_online"]

ONLINE_FILE = "online.sqlite"


class OnlineStore(Protocol):
    """Rows by namespace and key. Safe to share between threads and, but for the one in memory, between processes.

    Keys and namespaces are texts; one with broken Unicode raises `InvalidInput` when written, and is not found when
    read. Every method may raise `Unavailable`; the writing ones also `StorageFull`.
    """

    def read(self, pairs: Sequence[Pair]) -> list[bytes | None]:
        """The `served` part of each pair's row, None without one: of one moment, and in one round trip."""

    def rows(self, pairs: Sequence[Pair]) -> list[Row | None]:
        """Both parts of each pair's row, in the same way."""

    def update(self, pairs: Sequence[Pair], change: Change) -> None:
        """Replace the rows of different pairs by what `change` makes of them, as one step; None removes a row.

        No other write to these rows comes between. `change` may be called more than once, and its last call counts;
        what it raises is passed on, and nothing is written. Raises `Unavailable` if others write them all the time.
        """

    def put(self, namespace: str, rows: Mapping[str, Row]) -> None:
        """Write rows whatever is there; all or, if the program dies, none of them."""

    def keys(self, namespace: str) -> Iterator[list[str]]:
        """All keys, some at a time, in no order. One that is there all the while is told once at least."""

    def drop(self, namespace: str) -> None:
        """Remove all rows of a namespace; for readers they go at once. Nothing happens without any."""

    def namespaces(self) -> list[Namespace]:
        """Every namespace that has rows, by name."""

    def close(self) -> None:
        """Close all connections."""


def open_online(url: str, folder: Path) -> OnlineStore:
    """The online store of the setting `online`: SQLite in `folder` if it is empty, or Redis at the URL.

    Raises `InvalidInput` for another URL, `MissingExtra` without redis-py, and `Unavailable` if it does not answer.
    """
    if not url:
        return SqliteOnline(folder / ONLINE_FILE)
    scheme, found, _ = url.partition("://")
    if found and scheme in SCHEMES:
        return RedisOnline(url)
    raise InvalidInput(
        f"Online rows cannot live in '{scheme if found else url}'.",
        help="Set `online` to redis://HOST:PORT/NUMBER, or leave it empty for SQLite in the state folder.",
    )
