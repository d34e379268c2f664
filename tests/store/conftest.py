from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from tests.store.postgres import postgres_is_here, running_postgres

from dragoman.store.base import Blobs, Catalog, Tables
from dragoman.store.blobs import LocalBlobs
from dragoman.store.catalog import SqlCatalog
from dragoman.store.memory import MemoryBlobs, MemoryCatalog, MemoryTables
from dragoman.store.tables import DeltaTables

DATABASES = ["sqlite", "postgres"] if postgres_is_here() else ["sqlite"]
SCHEMAS = (f"test_{number}" for number in itertools.count())


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    with running_postgres() as url:
        yield url


def empty_schema(postgres: str) -> str:
    """The URL of a place without tables: one server serves all tests."""
    schema = next(SCHEMAS)
    engine = create_engine(postgres)
    with engine.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    engine.dispose()
    return f"{postgres}&options=-csearch_path%3D{schema}"


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without tables, of each kind that is here."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/new/catalog.db"
    return empty_schema(request.getfixturevalue("postgres"))


@pytest.fixture
def sql_catalog(url: str) -> Iterator[SqlCatalog]:
    catalog = SqlCatalog(url)
    yield catalog
    catalog.close()


@pytest.fixture(params=[*DATABASES, "memory"])
def catalog(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Catalog]:
    if request.param == "memory":
        yield MemoryCatalog()
        return
    at = (
        empty_schema(request.getfixturevalue("postgres")) if request.param == "postgres" else f"sqlite:///{tmp_path}/db"
    )
    catalog = SqlCatalog(at)
    yield catalog
    catalog.close()


@pytest.fixture(params=["local", "memory"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    return LocalBlobs(tmp_path / "blobs") if request.param == "local" else MemoryBlobs()


@pytest.fixture(params=["delta", "memory"])
def tables(request: pytest.FixtureRequest, tmp_path: Path) -> Tables:
    return DeltaTables(tmp_path / "tables") if request.param == "delta" else MemoryTables()
