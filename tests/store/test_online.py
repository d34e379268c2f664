from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.checks.online import ONLINE_CHECKS
from tests.services.redis_server import redis_is_here, running_redis
from tests.store.children import output_of, start

from dragoman.errors import InvalidInput, MissingExtra, StorageFull, Unavailable, Untrusted
from dragoman.store.memory_online import MemoryOnline
from dragoman.store.online import ONLINE_FILE, OnlineStore, Row, open_online
from dragoman.store.online_redis import RedisOnline
from dragoman.store.online_sqlite import SqliteOnline

NUMBERS = itertools.count()
needs_redis = pytest.mark.skipif(not redis_is_here(), reason="redis-server or redis-py is not installed")
STORES = ["sqlite", "memory", pytest.param("redis", marks=needs_redis)]


@pytest.fixture(scope="module")
def redis() -> Iterator[str]:
    with running_redis() as url:
        yield url


@pytest.fixture
def url(redis: str) -> str:
    """A place in Redis that nobody else uses."""
    return f"{redis}/{next(NUMBERS) % 64}#t{next(NUMBERS)}"


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OnlineStore]:
    if request.param == "memory":
        yield MemoryOnline()
        return
    url = request.getfixturevalue("url") if request.param == "redis" else ""
    store = open_online(url, tmp_path)
    yield store
    store.close()


@pytest.mark.parametrize("check", ONLINE_CHECKS, ids=lambda check: check.__name__)
def test_every_online_store_keeps_the_contract(check: Callable[[OnlineStore], None], store: OnlineStore) -> None:
    check(store)


COUNT = """
import sys
from pathlib import Path
from dragoman.store.online import Row, open_online

def add(found):
    return [Row(b"%d" % (int(found[0].served) + 1 if found[0] else 1))]

store = open_online(sys.argv[1], Path(sys.argv[2]))
for _ in range(40):
    store.update([("view", "a")], add)
print(store.read([("view", "a")]))
store.close()
"""


@pytest.mark.parametrize("kind", [STORES[0], STORES[2]])
def test_processes_that_change_one_row_at_once_lose_nothing(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = request.getfixturevalue("url") if kind == "redis" else ""
    children = [start(COUNT, url, tmp_path) for _ in range(3)]
    for child in children:
        child.communicate(timeout=60)

    assert [child.returncode for child in children] == [0, 0, 0]
    store = open_online(url, tmp_path)
    assert store.read([("view", "a")]) == [b"120"]
    store.close()


def test_rows_are_there_when_the_store_is_opened_again(tmp_path: Path) -> None:
    first = open_online("", tmp_path)
    first.put("view", {"a": Row(b"1", b"2")})
    first.close()

    second = open_online("", tmp_path)

    assert second.read([("view", "a")]) == [b"1"]
    second.close()


@pytest.mark.parametrize("url", ["mysql://host/1", "online.db", "redis:", "://", "redis:/x"])
def test_another_url_is_refused_with_the_right_ones(url: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"cannot live in .* Set `online` to redis://HOST"):
        open_online(url, tmp_path)


# SQLite -------------------------------------------------------------------------------------------------------------


def test_a_file_that_is_no_database_is_untrusted(tmp_path: Path) -> None:
    (tmp_path / ONLINE_FILE).write_bytes(b"not a database" * 1_000)

    with pytest.raises(Untrusted, match=r"online\.sqlite cannot be read: .*materialize the views again"):
        open_online("", tmp_path)


def test_a_file_of_another_layout_is_untrusted(tmp_path: Path) -> None:
    store = SqliteOnline(tmp_path / "db")
    store._connection().execute("PRAGMA user_version = 9")
    store.close()

    with pytest.raises(Untrusted, match="layout 9, of another release"):
        SqliteOnline(tmp_path / "db")


def test_a_full_disk_is_said_and_leaves_the_old_rows(tmp_path: Path) -> None:
    store = SqliteOnline(tmp_path / "db")
    store.put("view", {"a": Row(b"old")})
    store._connection().execute("PRAGMA max_page_count = 20")

    with pytest.raises(StorageFull, match="No space left to write the online store"):
        store.put("view", {"a": Row(b"new" * 500_000)})

    assert store.read([("view", "a")]) == [b"old"]
    store.close()


def test_rows_of_a_drop_that_was_killed_go_with_the_next_one(tmp_path: Path) -> None:
    store = SqliteOnline(tmp_path / "db")
    store.put("view", {"a": Row(b"1"), "b": Row(b"1")})
    store.put("other", {"a": Row(b"1")})
    store._connection().execute("DELETE FROM namespaces WHERE name = 'view'")  # as far as the killed one came

    store.drop("nobody")

    assert store._connection().execute("SELECT count(*) FROM rows").fetchall() == [(1,)]
    store.close()


def test_connections_of_threads_that_ended_are_closed(tmp_path: Path) -> None:
    import threading

    store = SqliteOnline(tmp_path / "db")
    for _ in range(5):
        thread = threading.Thread(target=store.read, args=([("view", "a")],))
        thread.start()
        thread.join()

    assert len(store._connections) == 2
    store.close()


# Redis --------------------------------------------------------------------------------------------------------------


@needs_redis
@pytest.mark.parametrize("url", ["redis://host:port/0", "redis://host/0?unknown=1", "redis://host:99999999/0"])
def test_a_url_that_redis_cannot_use_is_refused_or_does_not_answer(url: str, tmp_path: Path) -> None:
    with pytest.raises((InvalidInput, Unavailable), match="online store"):
        open_online(url, tmp_path)


@needs_redis
def test_a_server_that_is_not_there_is_unavailable_and_its_password_is_not_told(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as refusal:
        open_online("redis://me:secret@127.0.0.1:1/0", tmp_path)

    assert "redis://127.0.0.1:1/0 cannot be used now" in refusal.value.message
    assert "secret" not in str(refusal.value)


def test_without_redis_py_the_install_line_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(__import__("sys").modules, "redis", None)

    with pytest.raises(MissingExtra, match=r"pip install 'dragoman\[redis\]'"):
        open_online("redis://127.0.0.1/0", tmp_path)


@needs_redis
def test_workspaces_with_different_names_share_a_database(redis: str, tmp_path: Path) -> None:
    first, second = (RedisOnline(f"{redis}/0#{name}") for name in ("shop", "bank"))
    first.put("view", {"a": Row(b"1")})

    assert second.read([("view", "a")]) == [None]
    assert second.namespaces() == []
    first.close()
    second.close()


@needs_redis
def test_a_full_server_is_said() -> None:
    with running_redis("--maxmemory", "2mb", "--maxmemory-policy", "noeviction") as url:
        store = RedisOnline(url)
        with pytest.raises(StorageFull, match="No space left"):
            for number in range(100):
                store.put("view", {f"{number}": Row(b"x" * 100_000)})
        store.close()


@needs_redis
def test_something_else_under_the_name_is_untrusted(redis: str) -> None:
    store = RedisOnline(f"{redis}/0#odd")
    store._client.set("dragoman:odd:served:view", "text")

    with pytest.raises(Untrusted, match="WRONGTYPE"):
        store.read([("view", "a")])
    store.close()


@needs_redis
def test_the_script_is_sent_again_to_a_server_that_forgot_it(url: str) -> None:
    store = RedisOnline(url)
    store._client.script_flush()

    store.update([("view", "a")], lambda _: [Row(b"1")])

    assert store.read([("view", "a")]) == [b"1"]
    store.close()


def test_a_child_that_was_forked_has_a_connection_of_its_own(tmp_path: Path) -> None:
    script = """
import os, sys
from pathlib import Path
from dragoman.store.online import Row, open_online
store = open_online("", Path(sys.argv[1]))
store.put("view", {"a": Row(b"1")})
if (child := os.fork()) == 0:
    store.put("view", {"b": Row(b"2")})
    os._exit(0)
os.waitpid(child, 0)
print(store.read([("view", "a"), ("view", "b")]))
"""
    assert output_of(script, tmp_path) == "[b'1', b'2']\n"
