"""Rows of a query: SQLite and PostgreSQL through SQLAlchemy. Nothing can be changed through it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from dragoman.data.batches import SourceBatch
from dragoman.data.sources.base import Columns, Position, Refuse, refuse_all
from dragoman.data.sources.rows import batches_of_rows
from dragoman.errors import InvalidData, InvalidInput, MissingExtra, NotFound

__all__ = ["SqlQuery"]

BATCH_ROWS = 8_192
HELP = "Write sqlite:///FILE or postgresql://USER@HOST/DATABASE."


class SqlQuery:
    """The rows of a query, in the order in which the database gives them. Implements `Source`.

    Its name is the URL without password, and the query. Raises `InvalidInput` for a URL of another kind.
    """

    def __init__(self, url: str, query: str, *, columns: Columns) -> None:
        self.url, self.query, self.columns = _parsed(url), query, columns
        self.name = f"{_shown(self.url)}?{' '.join(query.split())}"
        self._hash = hashlib.sha256()

    def batches(self, refuse: Refuse = refuse_all) -> Iterator[SourceBatch]:
        engine = _read_only_engine(self.url)
        first = 1
        try:
            with engine.connect() as connection:
                _forbid_changes(connection)
                for names, rows in self._fetched(connection):
                    self._hash.update(msgspec.json.encode([list(row) for row in rows], enc_hook=_as_text))
                    found = [dict(zip(names, row, strict=True)) for row in rows]
                    lines = range(first, first + len(rows))
                    yield from batches_of_rows(found, lines, file=self.name, columns=self.columns)
                    first += len(rows)
        except DBAPIError as error:
            raise InvalidData(f"The database refuses: {_reason(error)}.", help="Check the URL and the query.") from None
        except SQLAlchemyError as error:
            raise InvalidData(f"The query cannot be run: {_first_line(error)}.", help=HELP) from None
        finally:
            engine.dispose()

    def digests(self) -> dict[str, str]:
        return {self.name: self._hash.hexdigest()}

    def positions(self) -> dict[str, Position]:
        return {}

    def share(self) -> float | None:
        return None

    def _fetched(self, connection: Connection) -> Iterator[tuple[list[str], list[Any]]]:
        streaming = connection.execution_options(stream_results=True, yield_per=BATCH_ROWS)
        result = streaming.execute(text(self.query.replace(":", r"\:")))  # a colon is no parameter here
        if not result.returns_rows:
            raise InvalidInput(
                "The query gives no rows.", help='Write a query such as "SELECT id, text FROM messages".'
            )
        names = list(result.keys())
        if len(set(names)) < len(names):
            raise InvalidInput("Two columns of the query have the same name.", help="Name them: SELECT a.id AS id, …")
        for part in result.partitions():
            yield names, list(part)


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise InvalidInput("The URL of the database cannot be read.", help=HELP) from None
    backend = parsed.get_backend_name()
    if backend not in ("sqlite", "postgresql"):
        raise InvalidInput(f"Rows cannot be read from '{backend}'.", help=HELP)
    if backend == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise InvalidInput("The URL of the database names no file.", help=HELP)
    return parsed.set(drivername="postgresql+psycopg") if parsed.drivername == "postgresql" else parsed


def _shown(url: URL) -> str:
    """Without password and options: both may be secret."""
    shown = URL.create(url.get_backend_name(), url.username, None, url.host, url.port, url.database)
    return shown.render_as_string()


def _read_only_engine(url: URL) -> Engine:
    if url.get_backend_name() == "sqlite":
        return _sqlite(Path(str(url.database)))
    try:
        return create_engine(url, poolclass=NullPool)
    except ImportError:
        raise MissingExtra.of("postgres", "Reading from PostgreSQL") from None


def _sqlite(path: Path) -> Engine:
    if not path.is_file():
        raise NotFound(f"There is no database {path}.", help="Name a file that is there.")
    name = path.resolve().as_uri().removeprefix("file://")
    return create_engine(f"sqlite:///file:{name}?mode=ro&uri=true", poolclass=NullPool)


def _forbid_changes(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET TRANSACTION READ ONLY"))


def _reason(error: DBAPIError) -> str:
    return _first_line(error.orig or error)


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0].rstrip(".")


def _as_text(value: Any) -> Any:
    return str(value)
