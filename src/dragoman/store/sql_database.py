"""Transactions of the catalog's database, and its errors in Dragoman's words."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, Select, Table, insert, select, update
from sqlalchemy.exc import DatabaseError, DataError, IntegrityError, OperationalError, StatementError

from dragoman.errors import DragomanError, InvalidInput, StorageFull, Unavailable, Untrusted
from dragoman.records import By, Record
from dragoman.store.anchors import Anchor
from dragoman.store.audit import NO_ROWS, Head
from dragoman.store.changes import as_stored
from dragoman.store.engines import disk_is_full, open_engine, writing_engine
from dragoman.store.migrations import migrate
from dragoman.store.refusals import audit_log_changed, unstorable
from dragoman.store.sql_chain import Change
from dragoman.store.sql_tables import AUDIT, AUDIT_HEAD

__all__ = ["SqlDatabase", "encode", "insert_new", "put", "records", "replaced"]

logger = logging.getLogger(__name__)

Kind = TypeVar("Kind", bound=Record)


class SqlDatabase:
    """The base of the catalog's parts: a database whose tables are up to date."""

    def __init__(self, url: str, *, anchor: Path | None = None) -> None:
        self.url, self.anchor = url, anchor
        with self._translated():
            self._engine = open_engine(url)
            self._writer = writing_engine(self._engine)
            try:
                if migrate(self._writer):
                    self._keep(self._head(), after=None)
            except BaseException:
                self.close()
                raise

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._engine.dispose()

    def _rows(self, statement: Select[Any]) -> Sequence[Row[Any]]:
        """The answer to a question; what the database cannot hold is in no row."""
        try:
            with self._translated(), self._engine.begin() as connection:
                return connection.execute(statement).all()
        except InvalidInput:
            return []

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self._translated(), self._writer.begin() as connection:
            yield connection

    @contextmanager
    def _changing(self, by: By | None) -> Iterator[Change]:
        """A transaction whose changes are rows of the audit log. The anchor learns of them when it is done."""
        with self._writing() as connection:
            change = Change(connection, by)
            yield change
        if change.last is not None:
            self._keep(change.last, after=change.before)

    def _head(self) -> Head:
        for row in self._rows(select(AUDIT_HEAD)):
            return Head(number=row.number, hash=row.hash)
        raise audit_log_changed("it has no head")

    def _keep(self, head: Head, *, after: Head | None) -> None:
        """Note the newest row outside of the database. The change is done: what fails here must not undo it."""
        if self.anchor is None:
            return
        try:
            Anchor(self.anchor).advance(head, lambda kept: kept == after or self._has(kept))
        except (DragomanError, OSError) as error:
            logger.warning("The newest row of the audit log is not noted in %s: %s", self.anchor, error)

    def _has(self, row: Head) -> bool:
        found = self._rows(select(AUDIT.c.hash).where(AUDIT.c.number == row.number))
        return row == NO_ROWS or [row.hash] == [one.hash for one in found]

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (UnicodeEncodeError, OverflowError, StatementError) as error:
            if (translated := _translate(error)) is None:
                raise
            raise translated from None


def _translate(error: Exception) -> DragomanError | None:
    """The error in Dragoman's words; None for one that only a mistake in this file can cause."""
    cause = error.orig if isinstance(error, StatementError) else error
    if isinstance(error, DataError) or isinstance(cause, UnicodeEncodeError | OverflowError):
        return unstorable()
    reason = str(cause).partition("\n")[0]
    if isinstance(error, OperationalError):
        if cause is not None and disk_is_full(cause):
            return StorageFull("No space left to write the catalog.", help="Free some space and try again.")
        return Unavailable(f"The catalog cannot be used now: {reason}.", help="Look at the database and try again.")
    if type(error) is DatabaseError:
        return Untrusted(f"The catalog cannot be read: {reason}.", help="Restore it from a backup.")
    return None


# Statements ---------------------------------------------------------------------------------------------------------


def insert_new(connection: Connection, table: Table, row: dict[str, Any]) -> bool:
    """Insert a row unless one of its keys is taken; says whether it did."""
    try:
        with connection.begin_nested():
            connection.execute(insert(table).values(row))
    except IntegrityError:
        return False
    return True


def put(connection: Connection, table: Table, row: dict[str, Any]) -> None:
    """Insert a row, or replace the one with its primary key."""
    mine = [column == row[column.name] for column in table.primary_key]
    if not replaced(connection, table, row, *mine) and not insert_new(connection, table, row):
        replaced(connection, table, row, *mine)


def replaced(connection: Connection, table: Table, row: dict[str, Any], *where: ColumnElement[bool]) -> bool:
    """Whether there was a row to replace."""
    return connection.execute(update(table).where(*where).values(row)).rowcount > 0


# Records ------------------------------------------------------------------------------------------------------------


def encode(record: Record) -> str:
    """The record as JSON. Raises `InvalidInput` for what would not come back: broken Unicode, an infinite number."""
    try:
        data = msgspec.json.encode(record)
    except UnicodeEncodeError:
        raise unstorable() from None
    if b"null" in data:  # what JSON writes for a number that it does not have
        as_stored(record)
    return data.decode()


def records(rows: Iterable[Row[Any]], kind: type[Kind]) -> Iterator[Kind]:
    """The records of rows that have a column of that name. Raises `Untrusted` for one that cannot be read."""
    try:
        for row in rows:
            yield msgspec.json.decode(row.record, type=kind)
    except msgspec.DecodeError as error:
        raise Untrusted(
            f"The catalog holds a {kind.__name__} that cannot be read: {error}.",
            help="Use the release that wrote it, or restore the catalog from a backup.",
        ) from None
