from __future__ import annotations

import json
import sqlite3
import sys
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import event, text
from tests.checks.store import add_version, dataset_version, run_record
from tests.store.children import output_of, start

from dragoman.errors import InvalidInput, MissingExtra, StorageFull, Unavailable, Untrusted
from dragoman.store import engines
from dragoman.store.audit import Head
from dragoman.store.catalog import SqlCatalog
from dragoman.store.verification import verify_audit

OPEN_AND_REGISTER = """
import sys
from dragoman.store.catalog import SqlCatalog
print("ready", flush=True)
catalog = SqlCatalog(sys.argv[1])
for number in range(10):
    catalog.add_version(model="support", bundle=f"{sys.argv[2]}-{number}", run="r", owner="o", created="c")
    found = catalog.alias("support", "champion")
    try:
        catalog.move_alias("support", "champion", number + 1, expected=found)
    except Exception as error:
        assert type(error).__name__ == "Conflict", error
"""

DIE_AFTER_EACH_STATEMENT = """
import itertools, json, os, signal, sys
from sqlalchemy import Engine, event
from dragoman.store.catalog import SqlCatalog

def register(point, bundle):
    statements = itertools.count(1)
    def count(*_):
        if next(statements) == point:
            os.kill(os.getpid(), signal.SIGKILL)
    catalog = SqlCatalog(sys.argv[1])
    event.listen(Engine, "after_cursor_execute", count)
    event.listen(Engine, "commit", count)
    catalog.add_version(model="support", bundle=bundle, run="r", owner="o", created="c")
    os._exit(0)

catalog = SqlCatalog(sys.argv[1])
seen = []
for point in itertools.count(1):
    child = os.fork()
    if child == 0:
        register(point, f"b{point}")
    _, status = os.waitpid(child, 0)
    seen.append([status, [version.number for version in catalog.versions("support")]])
    if status == 0:
        break
print(json.dumps(seen))
"""

DIE_WHILE_THE_ALIAS_MOVES = """
import itertools, json, os, pathlib, signal, sys
from sqlalchemy import Engine, event
from dragoman.store.catalog import SqlCatalog
from dragoman.store.verification import verify_audit

url, anchor = sys.argv[1], pathlib.Path(sys.argv[2])

def move(point):
    moments = itertools.count(1)
    def count(*_):
        if next(moments) == point:
            os.kill(os.getpid(), signal.SIGKILL)
    replace = pathlib.Path.replace
    def counted(*paths):
        count()
        replace(*paths)
        count()
    catalog = SqlCatalog(url, anchor=anchor)
    event.listen(Engine, "after_cursor_execute", count)
    event.listen(Engine, "commit", count)
    pathlib.Path.replace = counted
    found = catalog.alias("support", "champion")
    catalog.move_alias("support", "champion", 3 - (found or 1), expected=found)
    os._exit(0)

catalog = SqlCatalog(url, anchor=anchor)
for bundle in "xy":
    catalog.add_version(model="support", bundle=bundle, run="r", owner="o", created="c")
seen = []
for point in itertools.count(1):
    child = os.fork()
    if child == 0:
        move(point)
    _, status = os.waitpid(child, 0)
    kept = json.loads(anchor.read_text())["number"]
    seen.append([status, catalog.audit_head().number, kept, verify_audit(catalog, anchor)])
    if status == 0:
        break
print(json.dumps(seen))
"""

DIE_WHILE_ALERTS_ARE_SAVED = """
import itertools, json, os, signal, sys
from sqlalchemy import Engine, event
from tests.checks.monitoring import alert_record, counts_record, notice_record
from dragoman.store.catalog import SqlCatalog

def save(point, change):
    moments = itertools.count(1)
    def count(*_):
        if next(moments) == point:
            os.kill(os.getpid(), signal.SIGKILL)
    catalog = SqlCatalog(sys.argv[1])
    event.listen(Engine, "after_cursor_execute", count)
    event.listen(Engine, "commit", count)
    if change == "alerts":
        catalog.save_alerts([alert_record(status="resolved", revision=1), alert_record(id="a2")], [notice_record()])
    else:
        catalog.save_counts([counts_record(content=b"sum")], instead_of=[counts_record(replica=name) for name in "ab"])
    os._exit(0)

catalog = SqlCatalog(sys.argv[1])
catalog.save_alerts([alert_record()])
catalog.save_counts([counts_record(replica=name) for name in "ab"])
seen = []
for change in ("alerts", "counts"):
    for point in itertools.count(1):
        child = os.fork()
        if child == 0:
            save(point, change)
        _, status = os.waitpid(child, 0)
        alerts = [len(catalog.alerts(firing=True)), len(catalog.alerts()), len(catalog.notices())]
        seen.append([change, status, alerts, len(catalog.counts("profile", "support"))])
        if status == 0:
            break
print(json.dumps(seen))
"""

CHANGE_MUCH = """
import pathlib, sys
from dragoman.errors import Conflict
from dragoman.store.catalog import SqlCatalog
catalog = SqlCatalog(sys.argv[1], anchor=pathlib.Path(sys.argv[2]))
held = 0
for number in range(12):
    catalog.audit("labels.added", "models:/support", detail={"number": number})
    found = catalog.alias("support", "champion")
    try:
        catalog.move_alias("support", "champion", 3 - found, expected=found)
    except Conflict:
        pass
    held += catalog.lease("controller", sys.argv[3], seconds=3600)
print(held)
"""

MODULES_OF_A_CATALOG = """
import sys
from dragoman.store.catalog import SqlCatalog
SqlCatalog(sys.argv[1])
print(*sorted({"pyarrow", "deltalake", "numpy", "torch", "psycopg"} & set(sys.modules)))
"""


def test_processes_that_open_a_new_catalog_at_once_share_it(url: str) -> None:
    children = [start(OPEN_AND_REGISTER, url, child) for child in range(4)]
    assert [child.communicate(timeout=60)[0] for child in children] == ["ready\n"] * 4
    assert [child.returncode for child in children] == [0] * 4
    catalog = SqlCatalog(url)
    assert [version.number for version in catalog.versions("support")] == list(range(1, 41))
    assert catalog.alias("support", "champion") is not None
    catalog.close()


def test_a_process_killed_after_any_statement_registers_all_or_nothing(url: str) -> None:
    seen = json.loads(output_of(DIE_AFTER_EACH_STATEMENT, url))
    *killed, last = seen
    assert len(killed) >= 4
    assert all(status == 9 and numbers == [] for status, numbers in killed)
    assert last == [0, [1]]


def test_a_process_killed_at_any_moment_leaves_a_change_with_its_row(url: str, tmp_path: Path) -> None:
    *killed, last = json.loads(output_of(DIE_WHILE_THE_ALIAS_MOVES, url, tmp_path / "audit.head"))
    assert len(killed) >= 8
    assert all(status == 9 and problems == [] for status, _, _, problems in killed)
    assert all(head - 1 <= kept <= head for _, head, kept, _ in killed)
    assert {head - kept for _, head, kept, _ in killed} == {0, 1}  # the file is written after the commit
    assert (last[0], last[1], last[3]) == (0, last[2], [])


def test_a_process_killed_at_any_moment_saves_alerts_with_their_notices_or_nothing(url: str) -> None:
    seen = json.loads(output_of(DIE_WHILE_ALERTS_ARE_SAVED, url))
    killed = [(change, alerts, counts) for change, status, alerts, counts in seen if status == 9]
    assert {(change, *alerts, counts) for change, alerts, counts in killed} == {
        ("alerts", 1, 1, 0, 2),
        ("counts", 1, 2, 1, 2),
    }
    assert min([change for change, *_ in killed].count(name) for name in ("alerts", "counts")) >= 4
    assert [row for row in seen if row[1] != 9] == [["alerts", 0, [1, 2, 1], 2], ["counts", 0, [1, 2, 1], 1]]


def test_processes_that_change_at_once_leave_one_chain(url: str, tmp_path: Path) -> None:
    catalog, anchor = SqlCatalog(url, anchor=tmp_path / "audit.head"), tmp_path / "audit.head"
    for bundle in "xy":
        add_version(catalog, bundle)
    catalog.move_alias("support", "champion", 1, expected=None)
    children = [start(CHANGE_MUCH, url, anchor, name) for name in "ab"]
    held = [int(child.communicate(timeout=60)[0]) for child in children]
    assert sorted(held) == [0, 12]
    assert len(catalog.audit_rows(action="labels.added")) == 24
    assert verify_audit(catalog, anchor) == []
    assert msgspec.json.decode(anchor.read_bytes(), type=Head) == catalog.audit_head()
    catalog.close()


def test_a_change_is_done_even_if_its_row_cannot_be_noted_outside(
    tmp_path: Path, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    catalog = SqlCatalog(url, anchor=tmp_path / "file" / "audit.head")
    assert add_version(catalog).number == 1
    assert "is not noted in" in caplog.text
    assert catalog.models() == ["support"]
    catalog.close()


def test_counts_that_were_damaged_are_not_trusted(sql_catalog: SqlCatalog) -> None:
    sql_catalog.save_tallies("r1", "a", [], {})
    with sql_catalog._writing() as connection:
        connection.execute(text("UPDATE tallies SET exposed = '['"))
    with pytest.raises(Untrusted, match="The counts of the release 'r1' cannot be read"):
        sql_catalog.tallies("r1")


def test_a_reader_does_not_wait_for_a_writer(sql_catalog: SqlCatalog) -> None:
    add_version(sql_catalog, "x")
    with sql_catalog._writing() as connection:
        connection.execute(text("UPDATE versions SET owner = 'somebody'"))
        assert sql_catalog.version("support", 1).owner == "a@example.com"
    assert sql_catalog.version("support", 1).owner == "somebody"


def test_a_failed_write_leaves_nothing(sql_catalog: SqlCatalog) -> None:
    with pytest.raises(ZeroDivisionError), sql_catalog._writing() as connection:
        connection.execute(text("INSERT INTO models VALUES ('half')"))
        1 // 0  # noqa: B018
    assert sql_catalog.models() == []


def test_a_name_that_the_database_cannot_hold_is_refused(sql_catalog: SqlCatalog) -> None:
    with pytest.raises(InvalidInput, match="cannot be stored"):
        sql_catalog.add_dataset_version(dataset_version(number=2**70))
    assert sql_catalog.dataset_versions("support") == []


def test_a_damaged_record_is_not_trusted(sql_catalog: SqlCatalog) -> None:
    sql_catalog.save_run(run_record())
    for damage in ('{"id": 1}', "{", ""):
        with sql_catalog._writing() as connection:
            connection.execute(text("UPDATE runs SET record = :damage"), {"damage": damage})
        with pytest.raises(Untrusted, match="holds a Run that cannot be read"):
            sql_catalog.run("r1")


# SQLite


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "catalog.db"


def test_sqlite_writes_ahead_and_checks_foreign_keys(path: Path) -> None:
    catalog = SqlCatalog(f"sqlite:///{path}")
    with catalog._engine.begin() as connection:
        found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "foreign_keys")]
        waits = connection.exec_driver_sql("PRAGMA busy_timeout").scalar()
    assert [*found, waits] == ["wal", 1, 30_000]


def test_a_full_disk_leaves_the_old_records(path: Path) -> None:
    catalog = SqlCatalog(f"sqlite:///{path}")
    catalog.save_run(run_record())
    event.listen(catalog._engine, "connect", lambda connection, _: connection.execute("PRAGMA max_page_count = 1"))
    with pytest.raises(StorageFull, match="No space left to write the catalog"):
        catalog.save_run(run_record(message="long" * 10_000))
    assert catalog.run("r1") == run_record()


def test_a_catalog_that_stays_locked_is_unavailable(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "BUSY_SECONDS", 0.05)
    catalog = SqlCatalog(f"sqlite:///{path}")
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable, match="database is locked"):
        add_version(catalog)
    holder.close()
    assert add_version(catalog).number == 1


def test_a_file_that_is_no_catalog_is_refused(path: Path) -> None:
    path.write_bytes(b"something else " * 1000)
    with pytest.raises(Untrusted, match="file is not a database"):
        SqlCatalog(f"sqlite:///{path}")
    assert path.read_bytes() == b"something else " * 1000


def test_a_folder_that_is_no_catalog_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="unable to open"):
        SqlCatalog(f"sqlite:///{tmp_path}")


def test_opening_a_catalog_imports_nothing_heavy(path: Path) -> None:
    assert output_of(MODULES_OF_A_CATALOG, f"sqlite:///{path}").strip() == ""


# URLs


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", "cannot be read"),
        ("catalog.db", "cannot be read"),
        ("mysql://me:secret@host/db", "cannot live in 'mysql'"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("sqlite:///file:x?mode=memory&uri=true", "has no options"),
    ],
)
def test_a_url_of_another_kind_is_refused(url: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message) as refused:
        SqlCatalog(url)
    assert "secret" not in str(refused.value)


def test_postgres_without_its_driver_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(MissingExtra, match="needs the extra 'postgres'"):
        SqlCatalog("postgresql://me@localhost/db")
