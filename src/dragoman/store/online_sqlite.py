"""Online rows in SQLite: one file, read by many processes while one writes."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dragoman.store.files import make_folder
from dragoman.store.online_rows import (
    BATCH,
    Change,
    Namespace,
    Pair,
    Row,
    batches,
    changed,
    half_character,
    is_whole,
    online_damaged,
    online_full,
    online_unavailable,
)

__all__ = ["SqliteOnline"]

BUSY_SECONDS = 30.0
POLL_SECONDS = 0.02
LAYOUT = 1
TABLES = (
    "CREATE TABLE IF NOT EXISTS namespaces (number INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE)",
    """
    CREATE TABLE IF NOT EXISTS rows (
        namespace INTEGER NOT NULL, key TEXT NOT NULL, served BLOB NOT NULL, kept BLOB NOT NULL, UNIQUE (namespace, key)
    )
    """,
)
READ = """
WITH asked (place, namespace, key) AS (VALUES {pairs})
SELECT asked.place, {columns} FROM asked
CROSS JOIN namespaces ON namespaces.name = asked.namespace
CROSS JOIN rows ON rows.namespace = namespaces.number AND rows.key = asked.key
"""
WRITE = """
INSERT INTO rows (namespace, key, served, kept) VALUES ((SELECT number FROM namespaces WHERE name = ?), ?, ?, ?)
ON CONFLICT DO UPDATE SET served = excluded.served, kept = excluded.kept
"""
REMOVE = "DELETE FROM rows WHERE namespace = (SELECT number FROM namespaces WHERE name = ?) AND key = ?"
FIRST_KEYS = """
SELECT key FROM rows WHERE namespace = (SELECT number FROM namespaces WHERE name = ?) ORDER BY key LIMIT ?
"""
NEXT_KEYS = """
SELECT key FROM rows WHERE namespace = (SELECT number FROM namespaces WHERE name = ?) AND key > ? ORDER BY key LIMIT ?
"""
SIZES = """
SELECT name, count(*), sum(length(key) + length(served) + length(kept))
FROM rows JOIN namespaces ON number = namespace GROUP BY name ORDER BY name
"""
NAMELESS = """
WITH RECURSIVE numbers (number) AS (
    SELECT min(namespace) FROM rows
    UNION ALL SELECT (SELECT min(namespace) FROM rows WHERE namespace > number) FROM numbers WHERE number IS NOT NULL
)
SELECT number FROM numbers WHERE number NOT IN (SELECT number FROM namespaces)
"""
CLEAR = "DELETE FROM rows WHERE rowid IN (SELECT rowid FROM rows WHERE namespace = ? LIMIT ?)"


class SqliteOnline:
    """One connection per thread, in write-ahead mode: readers and the writer do not wait for each other.

    What is written survives a process that is killed. After a power cut the last writes may be missing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._connections: dict[threading.Thread, sqlite3.Connection] = {}
        self._local = threading.local()
        make_folder(path.parent)
        with self._translated():
            self._prepare()

    def read(self, pairs: Sequence[Pair]) -> list[bytes | None]:
        return [None if row is None else row[0] for row in self._whole(pairs, "served")]

    def rows(self, pairs: Sequence[Pair]) -> list[Row | None]:
        return [None if row is None else Row(*row) for row in self._whole(pairs, "served, kept")]

    def update(self, pairs: Sequence[Pair], change: Change) -> None:
        with self._translated(), self._writing() as connection:
            rows = [None if row is None else Row(*row) for row in _select_all(connection, pairs, "served, kept")]
            places = changed(rows, change)
            _name(connection, {pairs[place][0] for place in places})
            put = [(*pairs[place], *row) for place in places if (row := rows[place]) is not None]
            connection.executemany(WRITE, put)
            connection.executemany(REMOVE, [pairs[place] for place in places if rows[place] is None])

    def put(self, namespace: str, rows: Mapping[str, Row]) -> None:
        with self._translated(), self._writing() as connection:
            _name(connection, {namespace})
            connection.executemany(WRITE, [(namespace, key, *row) for key, row in rows.items()])

    def keys(self, namespace: str) -> Iterator[list[str]]:
        found = [key for (key,) in self._ask(FIRST_KEYS, namespace, BATCH)]
        while found:
            yield found
            found = [key for (key,) in self._ask(NEXT_KEYS, namespace, found[-1], BATCH)]

    def drop(self, namespace: str) -> None:
        """The name goes first, so that readers find nothing; then the rows, some at a time, for others to write."""
        with self._translated():
            with self._writing() as connection:
                connection.execute("DELETE FROM namespaces WHERE name = ?", (namespace,))
            for (number,) in self._connection().execute(NAMELESS).fetchall():
                self._clear(number)

    def namespaces(self) -> list[Namespace]:
        return [Namespace(*row) for row in self._ask(SIZES)]

    def close(self) -> None:
        """Close the connections of all threads; none may be in use."""
        with self._lock:
            for connection in self._connections.values():
                connection.close()
            self._connections.clear()
            self._local = threading.local()

    def _whole(self, pairs: Sequence[Pair], columns: str) -> list[tuple[bytes, ...] | None]:
        """Columns of the rows. What no store can hold is not there."""
        whole = pairs if is_whole(*(text for pair in pairs for text in pair)) else [p for p in pairs if is_whole(*p)]
        with self._translated(), self._moment(len(whole)) as connection:
            found = _select_all(connection, whole, columns)
        if whole is pairs:
            return found
        by_pair = dict(zip(whole, found, strict=True))
        return [by_pair.get(pair) for pair in pairs]

    def _clear(self, number: int) -> None:
        while True:
            with self._writing() as connection:
                if not connection.execute(CLEAR, (number, BATCH)).rowcount:
                    return

    def _ask(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with self._translated():
            return self._connection().execute(statement, values).fetchall()

    # Connections ----------------------------------------------------------------------------------------------------

    def _connection(self) -> sqlite3.Connection:
        """The one of this thread. One of the process that this one was forked from is left alone."""
        if getattr(self._local, "process", None) != os.getpid():
            self._local.connection, self._local.process = self._connect(), os.getpid()
        connection: sqlite3.Connection = self._local.connection
        return connection

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA synchronous = NORMAL")
        with self._lock:
            for thread in [one for one in self._connections if not one.is_alive()]:
                self._connections.pop(thread).close()
            self._connections[threading.current_thread()] = connection
        return connection

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        connection = self._connection()
        connection.execute("BEGIN IMMEDIATE")
        with _ending(connection):
            yield connection

    @contextmanager
    def _moment(self, count: int) -> Iterator[sqlite3.Connection]:
        """One statement sees one moment; several need a transaction."""
        connection = self._connection()
        if count <= BATCH:
            yield connection
            return
        connection.execute("BEGIN")
        with _ending(connection):
            yield connection

    def _prepare(self) -> None:
        """SQLite does not wait when two processes make a file anew at once, so this does."""
        deadline = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                self._make_tables()
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
            time.sleep(POLL_SECONDS)

    def _make_tables(self) -> None:
        connection = self._connection()
        connection.execute("PRAGMA page_size = 8192")
        connection.execute("PRAGMA journal_mode = WAL")
        ((layout,),) = connection.execute("PRAGMA user_version")
        if layout not in (0, LAYOUT):
            raise online_damaged(str(self.path), f"it has the layout {layout}, of another release")
        with self._writing():
            for statement in TABLES:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {LAYOUT}")

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except UnicodeEncodeError as error:
            raise half_character(str(error.object)) from None
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_FULL:
                raise online_full(str(self.path)) from None
            raise online_unavailable(str(self.path), error) from None
        except sqlite3.DatabaseError as error:
            raise online_damaged(str(self.path), error) from None


@contextmanager
def _ending(connection: sqlite3.Connection) -> Iterator[None]:
    """Commit the transaction, or roll it back if the block fails."""
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _select_all(connection: sqlite3.Connection, pairs: Sequence[Pair], columns: str) -> list[tuple[bytes, ...] | None]:
    """The columns of each pair's row."""
    found: list[tuple[bytes, ...] | None] = [None] * len(pairs)
    for number, part in enumerate(batches(pairs)):
        statement = READ.format(pairs=",".join(["(?,?,?)"] * len(part)), columns=columns)
        values = [value for place, pair in enumerate(part) for value in (place, *pair)]
        for place, *row in connection.execute(statement, values):
            found[number * BATCH + place] = tuple(row)
    return found


def _name(connection: sqlite3.Connection, namespaces: set[str]) -> None:
    """Give names that are new a number."""
    connection.executemany(
        "INSERT INTO namespaces (name) SELECT ?1 WHERE NOT EXISTS (SELECT * FROM namespaces WHERE name = ?1)",
        [(name,) for name in namespaces],
    )
