from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Connection, inspect, text
from tests.checks.store import add_version, dataset_version, run_record

from dragoman.errors import Conflict
from dragoman.store import migrations
from dragoman.store.anchors import Anchor
from dragoman.store.audit import NO_ROWS
from dragoman.store.catalog import METADATA, SqlCatalog
from dragoman.store.engines import open_engine, writing_engine
from dragoman.store.migrations import MIGRATIONS, m001_initial, migrate
from dragoman.store.verification import verify_audit


def test_the_migrations_make_the_tables_that_the_catalog_uses(sql_catalog: SqlCatalog) -> None:
    here = inspect(sql_catalog._engine)
    assert set(here.get_table_names()) == {*METADATA.tables, "migrations"}
    for name, table in METADATA.tables.items():
        made = {column["name"]: (str(column["type"]), column["nullable"]) for column in here.get_columns(name)}
        dialect = sql_catalog._engine.dialect
        expected = {c.name: (c.type.compile(dialect), c.nullable) for c in table.columns}
        assert made == expected
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


OLD_ROWS = (
    "INSERT INTO dataset_versions VALUES ('support', 0, 'd0', :dataset)",
    "INSERT INTO runs VALUES ('r1', 'support', :run)",
    "INSERT INTO models VALUES ('support')",
    "INSERT INTO versions VALUES ('support', 1, 'b1', 'r1', 'o', 'c'), ('support', 2, 'b2', 'r1', 'o', 'c')",
    "INSERT INTO aliases VALUES ('support', 'champion', 2)",
)


@pytest.fixture
def old_url(url: str) -> str:
    """A catalog as it was before the audit log, with records in it."""
    engine = open_engine(url)
    held = {"dataset": dataset_version(), "run": run_record(status="completed")}
    records = {name: msgspec.json.encode(record).decode() for name, record in held.items()}
    with writing_engine(engine).begin() as connection:
        connection.execute(text("CREATE TABLE migrations (name TEXT NOT NULL PRIMARY KEY, applied TEXT NOT NULL)"))
        connection.execute(text("INSERT INTO migrations VALUES ('m001_initial', 'then')"))
        m001_initial(connection)
        for statement in OLD_ROWS:
            names = {name: value for name, value in records.items() if f":{name}" in statement}
            connection.execute(text(statement), names)
    engine.dispose()
    return url


def test_an_old_catalog_keeps_its_records(old_url: str) -> None:
    catalog = SqlCatalog(old_url)
    assert catalog.dataset_versions("support") == [dataset_version()]
    assert catalog.runs() == [run_record(status="completed")]
    assert [(version.bundle, version.aliases, version.retired) for version in catalog.versions("support")] == [
        ("b1", [], ""),
        ("b2", ["champion"], ""),
    ]
    catalog.close()


def test_the_log_of_an_old_catalog_begins_with_what_was_there(old_url: str, tmp_path: Path) -> None:
    catalog = SqlCatalog(old_url, anchor=tmp_path / "audit.head")
    assert [(row.action, row.subject) for row in catalog.audit_rows()] == [
        ("dataset.adopted", "datasets:/support/0"),
        ("run.adopted", "runs:/r1"),
        ("version.adopted", "models:/support/1"),
        ("version.adopted", "models:/support/2"),
        ("alias.adopted", "models:/support@champion"),
    ]
    assert verify_audit(catalog, tmp_path / "audit.head") == []
    catalog.move_alias("support", "champion", 1, expected=2)
    catalog.save_run(run_record(status="failed"))
    assert verify_audit(catalog, tmp_path / "audit.head") == []
    catalog.close()


def test_what_was_adopted_is_watched_from_then_on(old_url: str) -> None:
    catalog = SqlCatalog(old_url)
    with catalog._writing() as connection:
        connection.execute(text("UPDATE versions SET bundle = 'b9' WHERE number = 1"))
        connection.execute(text("UPDATE aliases SET number = 1"))
    assert verify_audit(catalog) == [
        "alias 'support@champion' points at version 1; the audit log says 2",
        "version 'support/1' has bundle 'b9'; the audit log says 'b1'",
    ]
    catalog.close()


def test_a_new_catalog_is_noted_outside_from_the_beginning(url: str, tmp_path: Path) -> None:
    catalog = SqlCatalog(url, anchor=tmp_path / "audit.head")
    assert Anchor(tmp_path / "audit.head").read() == NO_ROWS
    catalog.close()


def test_the_catalog_of_a_newer_release_is_refused(url: str, sql_catalog: SqlCatalog) -> None:
    with sql_catalog._writer.begin() as connection:
        connection.execute(text("INSERT INTO migrations VALUES ('m999_future', 'tomorrow')"))
    with pytest.raises(Conflict, match="newer Dragoman: it has the migration 'm999_future'"):
        SqlCatalog(url)
