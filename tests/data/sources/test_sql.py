from __future__ import annotations

import sqlite3
import sys
from datetime import UTC, datetime

import pytest
from sqlalchemy import create_engine, text
from tests.data.sources.reading import Read
from tests.store.postgres import postgres_is_here, running_postgres

from dragoman.data.sources import sql
from dragoman.data.sources.sql import SqlQuery
from dragoman.errors import InvalidData, InvalidInput, MissingExtra, NotFound

QUERY = "SELECT id, age FROM people ORDER BY id"


@pytest.fixture
def url(tmp_path):
    """A database with rows of which one has text in a column of integers, as SQLite allows."""
    with sqlite3.connect(tmp_path / "my data.db") as connection:
        connection.execute("CREATE TABLE people (id TEXT, age INTEGER)")
        connection.executemany("INSERT INTO people VALUES (?, ?)", [("a", 1), ("b", "?"), ("c", None), ("d", 4)])
    connection.close()
    return f"sqlite:///{tmp_path}/my data.db"


def test_the_rows_of_a_query_are_numbered(url):
    found = Read(SqlQuery(url, QUERY, columns={"age": "integer"}))
    assert {row: values["age"] for row, values in found.rows.items()} == {1: 1, 2: "?", 3: None, 4: 4}
    assert (found.kinds[1]["age"], found.kinds[2]["age"]) == ("int64", "string")


def test_the_digest_is_of_the_rows(url, monkeypatch):
    first, again, other = (SqlQuery(url, query, columns={}) for query in (QUERY, QUERY, QUERY + " LIMIT 2"))
    for source in (first, again, other):
        Read(source)
    assert first.digests() == again.digests()
    assert [*first.digests().values()] != [*other.digests().values()]


def test_many_rows_come_in_batches(url, monkeypatch):
    monkeypatch.setattr(sql, "BATCH_ROWS", 2)
    assert sorted(Read(SqlQuery(url, QUERY, columns={})).rows) == [1, 2, 3, 4]


def test_a_database_cannot_be_changed_through_a_query(url):
    for query in ("DELETE FROM people", "DROP TABLE people", "INSERT INTO people VALUES ('x', 1) RETURNING id"):
        with pytest.raises(InvalidData, match="readonly"):
            Read(SqlQuery(url, query, columns={}))
    assert len(Read(SqlQuery(url, QUERY, columns={})).rows) == 4


@pytest.mark.parametrize(
    ("query", "message"),
    [("SELECT x FROM people", "no such column: x"), ("SELEC", "syntax error"), ("SELECT 1; SELECT 2", "one statement")],
)
def test_the_database_says_what_is_wrong_with_a_query(url, query, message):
    with pytest.raises(InvalidData, match=message):
        Read(SqlQuery(url, query, columns={}))


def test_a_query_may_have_colons_and_percent_signs(url):
    query = "SELECT id || ':x%' AS id FROM people WHERE id LIKE 'a%' AND id <> ':id'"
    assert Read(SqlQuery(url, query, columns={})).rows == {1: {"id": "a:x%"}}


def test_two_columns_of_one_name_are_refused(url):
    with pytest.raises(InvalidInput, match="Two columns of the query have the same name"):
        Read(SqlQuery(url, "SELECT id, age AS id FROM people", columns={}))


@pytest.mark.parametrize("url", ["sqlite://", "mysql://host/db", "nothing", "sqlite:///:memory:"])
def test_a_url_of_another_kind_is_refused(url):
    with pytest.raises(InvalidInput):
        SqlQuery(url, QUERY, columns={})


def test_a_missing_database_is_not_made(tmp_path):
    with pytest.raises(NotFound, match=r"There is no database .*missing\.db"):
        Read(SqlQuery(f"sqlite:///{tmp_path}/missing.db", QUERY, columns={}))
    assert not (tmp_path / "missing.db").exists()


def test_the_password_is_never_shown():
    source = SqlQuery("postgresql://ada:hunter2@db.example/prod?password=hunter3", QUERY, columns={})
    assert source.name == f"postgresql://ada@db.example/prod?{QUERY}"
    assert "hunter" not in repr(source.digests())


def test_without_the_driver_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(MissingExtra, match="postgres"):
        Read(SqlQuery("postgresql://localhost/db", QUERY, columns={}))


@pytest.fixture(scope="module")
def postgres():
    if not postgres_is_here():
        pytest.skip("no PostgreSQL server here")
    with running_postgres() as url:
        engine = create_engine(url)
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE t (id uuid, n numeric, i bigint, at timestamptz, d date, j jsonb)"))
            connection.execute(
                text(
                    "INSERT INTO t VALUES ('00000000-0000-0000-0000-000000000001', 1.5, 7,"
                    " '2026-01-02T03:04:05+02:00', '2026-01-02', '{\"a\": 1}'), (NULL, 'NaN', NULL, NULL, NULL, NULL)"
                )
            )
        engine.dispose()
        yield url


def test_postgresql_gives_its_own_types(postgres):
    found = Read(SqlQuery(postgres, "SELECT * FROM t WHERE n < 2", columns={"n": "number", "j": "string"}))
    assert found.rows[1]["id"] == "00000000-0000-0000-0000-000000000001"
    assert (found.rows[1]["n"], found.rows[1]["i"]) == (1.5, 7)
    assert found.rows[1]["at"] == datetime(2026, 1, 2, 1, 4, 5, tzinfo=UTC)
    assert found.rows[1]["j"] == ['{"a": 1}']


def test_postgresql_is_not_changed_either(postgres):
    with pytest.raises(InvalidData, match="The database refuses"):
        Read(SqlQuery(postgres, "DELETE FROM t RETURNING id", columns={}))


def test_an_unreachable_server_is_named_without_the_password():
    with pytest.raises(InvalidData) as caught:
        Read(SqlQuery("postgresql://ada:hunter2@127.0.0.1:1/db", QUERY, columns={}))
    assert "hunter2" not in str(caught.value)
