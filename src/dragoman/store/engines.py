"""Database engines: SQLite and PostgreSQL, set up so that the same code is right on both."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, OperationalError

from dragoman.errors import InvalidInput, MissingExtra
from dragoman.store.files import make_folder

__all__ = ["disk_is_full", "open_engine", "writing_engine"]

BUSY_SECONDS = 30.0
POLL_SECONDS = 0.02
POSTGRES_DISK_FULL = "53100"
BEGIN = "sqlite_begin"  # the execution option that says how a transaction begins on SQLite
HELP = "Write sqlite:///FILE or postgresql+psycopg://USER@HOST/DATABASE."


def open_engine(url: str) -> Engine:
    """An engine for a catalog's URL. On SQLite the file and its folder are made.

    Raises `InvalidInput` for another URL and `MissingExtra` without the driver.
    """
    parsed = _parsed(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(parsed)
    try:
        return create_engine(parsed, pool_pre_ping=True)
    except ImportError:
        raise MissingExtra.of("postgres", "A catalog in PostgreSQL") from None


def writing_engine(engine: Engine) -> Engine:
    """The same engine for transactions that write: on SQLite they take the write lock when they begin.

    A transaction that reads first and writes later would fail there if another one wrote in between.
    """
    return engine.execution_options(**{BEGIN: "BEGIN IMMEDIATE"})


def disk_is_full(error: BaseException) -> bool:
    """Whether the driver's error says that the disk of the database is full."""
    return (
        getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
        or getattr(error, "sqlstate", None) == POSTGRES_DISK_FULL
    )


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise InvalidInput("The URL of the catalog cannot be read.", help=HELP) from None
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise InvalidInput(f"A catalog cannot live in '{parsed.get_backend_name()}'.", help=HELP)
    if parsed.get_backend_name() == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise InvalidInput("The URL of the catalog names no file.", help=HELP)
    if parsed.get_backend_name() == "sqlite" and parsed.query:
        raise InvalidInput("The URL of a catalog in SQLite has no options, and its path no '?'.", help=HELP)
    return parsed.set(drivername="postgresql+psycopg") if parsed.drivername == "postgresql" else parsed


# SQLite -------------------------------------------------------------------------------------------------------------


def _sqlite(url: URL) -> Engine:
    path = Path(str(url.database))
    make_folder(path.parent)
    # A connection per transaction costs little on SQLite, and none is carried into a forked process.
    engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    _use_write_ahead_log(engine)
    return engine


def _prepare(connection: sqlite3.Connection, _: Any) -> None:
    connection.isolation_level = None  # the driver would begin later, and always without the write lock
    connection.execute("PRAGMA foreign_keys = ON")


def _begin(connection: Connection) -> None:
    if statement := connection.get_execution_options().get(BEGIN, "BEGIN"):
        connection.exec_driver_sql(statement)


def _use_write_ahead_log(engine: Engine) -> None:
    """Readers and a writer do not wait for each other. The file remembers it.

    SQLite does not wait when two processes change this of a new file at once, so this does.
    """
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            with engine.execution_options(**{BEGIN: ""}).connect() as connection:
                connection.exec_driver_sql("PRAGMA journal_mode = WAL")
            return
        except OperationalError as error:
            if getattr(error.orig, "sqlite_errorcode", None) != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
        time.sleep(POLL_SECONDS)
