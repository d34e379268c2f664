"""What the director has done and seen, in a file that outlives it."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["Asked", "Event", "Journal", "Measured"]

TABLES = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS events (name TEXT PRIMARY KEY, time REAL NOT NULL, text TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS asked (
    id TEXT PRIMARY KEY, slot INTEGER, place INTEGER, time REAL, language TEXT, version TEXT,
    text TEXT, truth TEXT, answer TEXT, is_new INTEGER
);
CREATE INDEX IF NOT EXISTS asked_slot ON asked (slot, language, place);
CREATE TABLE IF NOT EXISTS reviewed (task TEXT, reviewer TEXT, time REAL, label TEXT, PRIMARY KEY (task, reviewer));
CREATE TABLE IF NOT EXISTS measured (
    time REAL, version TEXT, language TEXT, kind TEXT, value REAL, low REAL, high REAL,
    PRIMARY KEY (time, version, language, kind)
);
"""


class Asked(NamedTuple):
    """A request that was answered: its truth is what the user wants."""

    id: str
    slot: int
    place: int
    time: float
    language: str
    version: str
    text: str
    truth: str
    answer: str
    is_new: bool


class Event(NamedTuple):
    """Something that happened once. `time` is in seconds since 1970, as rehearsed."""

    name: str
    time: float
    text: str


class Measured(NamedTuple):
    """What was known of a version's quality in a language at a time."""

    time: float
    version: str
    language: str
    kind: str  # "expected" (before labels), "accuracy" (by labels) or "evaluated" (at registration)
    value: float
    low: float
    high: float


class Journal:
    """A SQLite file. Everything in it is kept under a key of its own, so what is done again is there once."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=30)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        self._database.executescript(TABLES)
        self._lock = threading.Lock()

    def close(self) -> None:
        self._database.close()

    def __getitem__(self, name: str) -> Any:
        """A fact; None where it is not known."""
        rows = self._rows("SELECT value FROM facts WHERE name = ?", name)
        return json.loads(rows[0][0]) if rows else None

    def __setitem__(self, name: str, value: Any) -> None:
        self._write("INSERT OR REPLACE INTO facts VALUES (?, ?)", [(name, json.dumps(value))])

    def tell(self, event: Event) -> bool:
        """Keep an event, the first time; whether it is new."""
        if self._rows("SELECT 1 FROM events WHERE name = ?", event.name):
            return False
        self._write("INSERT OR IGNORE INTO events VALUES (?, ?, ?)", [event])
        return True

    def events(self) -> list[Event]:
        """In the order of their times."""
        return [Event(*row) for row in self._rows("SELECT name, time, text FROM events ORDER BY time, rowid")]

    def event(self, name: str) -> Event | None:
        rows = self._rows("SELECT name, time, text FROM events WHERE name = ?", name)
        return Event(*rows[0]) if rows else None

    def keep_asked(self, rows: Iterable[Asked]) -> None:
        self._write("INSERT OR IGNORE INTO asked VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def places(self, slot: int) -> set[tuple[str, int]]:
        """The language and place of what was asked in a slot already."""
        return {(row[0], row[1]) for row in self._rows("SELECT language, place FROM asked WHERE slot = ?", slot)}

    def asked(self) -> list[Asked]:
        rows = self._rows("SELECT * FROM asked ORDER BY time")
        return [Asked(*row)._replace(is_new=bool(row[-1])) for row in rows]

    def truth(self, prediction: str) -> str | None:
        """What the user of a prediction wanted; None for one that the director has not seen."""
        rows = self._rows("SELECT truth FROM asked WHERE id = ?", prediction)
        return rows[0][0] if rows else None

    def keep_reviewed(self, task: str, reviewer: str, time: float, label: str) -> None:
        self._write("INSERT OR REPLACE INTO reviewed VALUES (?, ?, ?, ?)", [(task, reviewer, time, label)])

    def reviewed(self) -> int:
        """How many answers reviewers gave."""
        return int(self._rows("SELECT count(*) FROM reviewed")[0][0])

    def keep_measured(self, rows: Iterable[Measured]) -> None:
        self._write("INSERT OR REPLACE INTO measured VALUES (?, ?, ?, ?, ?, ?, ?)", rows)

    def measured(self) -> list[Measured]:
        return [Measured(*row) for row in self._rows("SELECT * FROM measured ORDER BY time")]

    def _rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._database.execute(query, values).fetchall()

    def _write(self, query: str, rows: Iterable[Any]) -> None:
        with self._lock, self._transaction() as database:
            database.executemany(query, rows)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, whenever this process dies."""
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield self._database
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")
