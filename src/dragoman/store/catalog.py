"""The catalog in SQLite or PostgreSQL, through the same statements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import msgspec
from sqlalchemy import (
    Column,
    Connection,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    Row,
    Select,
    Table,
    Text,
    UniqueConstraint,
    insert,
    select,
    update,
)
from sqlalchemy.exc import DatabaseError, DataError, IntegrityError, OperationalError, StatementError

from dragoman.errors import DragomanError, InvalidInput, StorageFull, Unavailable, Untrusted
from dragoman.records import DatasetVersion, Record, Run, Version
from dragoman.store.engines import disk_is_full, open_engine, writing_engine
from dragoman.store.migrations import migrate
from dragoman.store.refusals import (
    alias_elsewhere,
    dataset_number_taken,
    dataset_version_not_found,
    run_not_found,
    unstorable,
    version_not_found,
)

__all__ = ["METADATA", "SqlCatalog"]

Kind = TypeVar("Kind", bound=Record)

METADATA = MetaData()
DATASET_VERSIONS = Table(
    "dataset_versions",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("record", Text, nullable=False),
    UniqueConstraint("name", "digest"),
)
RUNS = Table(
    "runs",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("model", Text, nullable=False),
    Column("record", Text, nullable=False),
)
MODELS = Table("models", METADATA, Column("name", Text, primary_key=True))
VERSIONS = Table(
    "versions",
    METADATA,
    Column("model", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("bundle", Text, nullable=False),
    Column("run", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("created", Text, nullable=False),
    ForeignKeyConstraint(["model"], ["models.name"]),
    UniqueConstraint("model", "bundle"),
)
ALIASES = Table(
    "aliases",
    METADATA,
    Column("model", Text, primary_key=True),
    Column("alias", Text, primary_key=True),
    Column("number", Integer, nullable=False),
    ForeignKeyConstraint(["model", "number"], ["versions.model", "versions.number"]),
)


class SqlCatalog:
    """A catalog at a URL: `sqlite:///path/catalog.db` or `postgresql+psycopg://user@host/database`.

    Opening it makes the file and brings the tables up to date. Raises `InvalidInput` for another kind of URL,
    `MissingExtra` without the driver, `Conflict` for the catalog of a newer release, and `Unavailable`.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        with self._translated():
            self._engine = open_engine(url)
            self._writer = writing_engine(self._engine)
            try:
                migrate(self._writer)
            except BaseException:
                self.close()
                raise

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._engine.dispose()

    # Datasets

    def add_dataset_version(self, record: DatasetVersion) -> DatasetVersion:
        with self._writing() as connection:
            row = {"name": record.name, "number": record.number, "digest": record.digest, "record": _encode(record)}
            if _insert_new(connection, DATASET_VERSIONS, row):
                return record
            for existing in _records(connection.execute(_dataset_versions(record.name)).all(), DatasetVersion):
                if existing.digest == record.digest:
                    return existing
        raise dataset_number_taken(record.name, record.number)

    def dataset_version(self, name: str, number: int) -> DatasetVersion:
        versions = {version.number: version for version in self.dataset_versions(name)}
        if number not in versions:
            raise dataset_version_not_found(name, number, list(versions))
        return versions[number]

    def find_dataset_version(self, name: str, digest: str) -> DatasetVersion | None:
        rows = self._rows(_dataset_versions(name).where(DATASET_VERSIONS.c.digest == digest))
        return next(_records(rows, DatasetVersion), None)

    def dataset_versions(self, name: str) -> list[DatasetVersion]:
        return list(_records(self._rows(_dataset_versions(name)), DatasetVersion))

    # Runs

    def save_run(self, run: Run) -> None:
        with self._writing() as connection:
            row = {"id": run.id, "model": run.model, "record": _encode(run)}
            if not _insert_new(connection, RUNS, row):
                connection.execute(update(RUNS).where(RUNS.c.id == run.id).values(row))

    def run(self, id: str) -> Run:
        for run in _records(self._rows(select(RUNS.c.record).where(RUNS.c.id == id)), Run):
            return run
        raise run_not_found(id)

    def runs(self, *, model: str | None = None) -> list[Run]:
        statement = select(RUNS.c.record) if model is None else select(RUNS.c.record).where(RUNS.c.model == model)
        return sorted(_records(self._rows(statement), Run), key=lambda run: (run.started, run.id), reverse=True)

    # Versions and aliases

    def add_version(self, *, model: str, bundle: str, run: str, owner: str, created: str) -> Version:
        with self._writing() as connection:
            _lock_model(connection, model)
            versions = _as_versions(connection.execute(_versions(model)).all())
            for version in versions:
                if version.bundle == bundle:
                    return version
            row = {"model": model, "number": len(versions) + 1, "bundle": bundle, "run": run}
            row |= {"owner": owner, "created": created}
            connection.execute(insert(VERSIONS).values(row))
            return msgspec.convert(row, Version)

    def version(self, model: str, number: int) -> Version:
        versions = {version.number: version for version in self.versions(model)}
        if number not in versions:
            raise version_not_found(model, number, list(versions))
        return versions[number]

    def versions(self, model: str) -> list[Version]:
        return _as_versions(self._rows(_versions(model)))

    def models(self) -> list[str]:
        return sorted(row.name for row in self._rows(select(MODELS.c.name)))

    def alias(self, model: str, alias: str) -> int | None:
        return next((row.number for row in self._rows(_alias(model, alias))), None)

    def move_alias(self, model: str, alias: str, number: int, *, expected: int | None) -> None:
        with self._writing() as connection:
            numbers = [version.number for version in _as_versions(connection.execute(_versions(model)).all())]
            if number not in numbers:
                raise version_not_found(model, number, numbers)
            found = connection.execute(_alias(model, alias).with_for_update()).scalar()
            if found != expected:
                raise alias_elsewhere(model, alias, found=found, expected=expected)
            _set_alias(connection, model, alias, number, is_new=found is None)

    # Connections

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


def _dataset_versions(name: str) -> Select[Any]:
    here = DATASET_VERSIONS.c
    return select(here.record).where(here.name == name).order_by(here.number)


def _versions(model: str) -> Select[Any]:
    """One row per version and alias; a version without one has the alias None."""
    same = (ALIASES.c.model == VERSIONS.c.model) & (ALIASES.c.number == VERSIONS.c.number)
    joined = select(VERSIONS, ALIASES.c.alias).outerjoin(ALIASES, same)
    return joined.where(VERSIONS.c.model == model).order_by(VERSIONS.c.number)


def _alias(model: str, alias: str) -> Select[Any]:
    return select(ALIASES.c.number).where(ALIASES.c.model == model, ALIASES.c.alias == alias)


def _lock_model(connection: Connection, model: str) -> None:
    """Let one transaction at a time number the versions of a model."""
    _insert_new(connection, MODELS, {"name": model})
    connection.execute(select(MODELS).where(MODELS.c.name == model).with_for_update())


def _set_alias(connection: Connection, model: str, alias: str, number: int, *, is_new: bool) -> None:
    if not is_new:
        mine = (ALIASES.c.model == model) & (ALIASES.c.alias == alias)
        connection.execute(update(ALIASES).where(mine).values(number=number))
    elif not _insert_new(connection, ALIASES, {"model": model, "alias": alias, "number": number}):
        found = connection.execute(_alias(model, alias)).scalar()
        raise alias_elsewhere(model, alias, found=found, expected=None)


def _insert_new(connection: Connection, table: Table, row: dict[str, Any]) -> bool:
    """Insert a row unless one of its keys is taken; says whether it did."""
    try:
        with connection.begin_nested():
            connection.execute(insert(table).values(row))
    except IntegrityError:
        return False
    return True


# Rows ---------------------------------------------------------------------------------------------------------------


def _encode(record: Record) -> str:
    return msgspec.json.encode(record).decode()


def _records(rows: Iterable[Row[Any]], kind: type[Kind]) -> Iterator[Kind]:
    try:
        for row in rows:
            yield msgspec.json.decode(row.record, type=kind)
    except msgspec.DecodeError as error:
        raise Untrusted(
            f"The catalog holds a {kind.__name__} that cannot be read: {error}.",
            help="Use the release that wrote it, or restore the catalog from a backup.",
        ) from None


def _as_versions(rows: Iterable[Row[Any]]) -> list[Version]:
    versions: dict[int, Version] = {}
    for row in rows:
        fields = row._asdict()
        alias = fields.pop("alias")
        known = versions[row.number].aliases if row.number in versions else []
        versions[row.number] = Version(**fields, aliases=sorted([*known, *([alias] if alias else [])]))
    return list(versions.values())
