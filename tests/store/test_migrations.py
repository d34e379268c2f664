from __future__ import annotations

import pytest
from sqlalchemy import Connection, inspect, text
from tests.checks.store import add_version

from dragoman.errors import Conflict
from dragoman.store import migrations
from dragoman.store.catalog import METADATA, SqlCatalog
from dragoman.store.migrations import MIGRATIONS, migrate


def test_the_migrations_make_the_tables_that_the_catalog_uses(sql_catalog: SqlCatalog) -> None:
    here = inspect(sql_catalog._engine)
    assert set(here.get_table_names()) == {*METADATA.tables, "migrations"}
    for name, table in METADATA.tables.items():
        made = {column["name"]: (str(column["type"]), column["nullable"]) for column in here.get_columns(name)}
        assert made == {column.name: (str(column.type), column.nullable) for column in table.columns}
        assert here.get_pk_constraint(name)["constrained_columns"] == [column.name for column in table.primary_key]


def test_migrations_are_numbered_in_order() -> None:
    assert [int(migration.__name__[1:4]) for migration in MIGRATIONS] == list(range(1, len(MIGRATIONS) + 1))


def test_opening_again_keeps_what_is_there(url: str, sql_catalog: SqlCatalog) -> None:
    add_version(sql_catalog)
    again = SqlCatalog(url)
    assert [version.number for version in again.versions("support")] == [1]
    again.close()


def test_a_new_migration_is_applied_once(sql_catalog: SqlCatalog, monkeypatch: pytest.MonkeyPatch) -> None:
    def m002_more(connection: Connection) -> None:
        connection.execute(text("CREATE TABLE more (name TEXT)"))

    monkeypatch.setattr(migrations, "MIGRATIONS", [*MIGRATIONS, m002_more])
    for _ in range(2):
        migrate(sql_catalog._writer)
    assert "more" in inspect(sql_catalog._engine).get_table_names()


def test_a_failing_migration_changes_nothing(sql_catalog: SqlCatalog, monkeypatch: pytest.MonkeyPatch) -> None:
    def m002_more(connection: Connection) -> None:
        connection.execute(text("CREATE TABLE more (name TEXT)"))
        raise ZeroDivisionError

    monkeypatch.setattr(migrations, "MIGRATIONS", [*MIGRATIONS, m002_more])
    with pytest.raises(ZeroDivisionError):
        migrate(sql_catalog._writer)
    assert "more" not in inspect(sql_catalog._engine).get_table_names()
    monkeypatch.undo()
    migrate(sql_catalog._writer)


def test_the_catalog_of_a_newer_release_is_refused(url: str, sql_catalog: SqlCatalog) -> None:
    with sql_catalog._writer.begin() as connection:
        connection.execute(text("INSERT INTO migrations VALUES ('m999_future', 'tomorrow')"))
    with pytest.raises(Conflict, match="newer Dragoman: it has the migration 'm999_future'"):
        SqlCatalog(url)
