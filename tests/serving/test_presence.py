from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from dragoman.errors import InvalidInput
from dragoman.serving.presence import STALE_SECONDS, LiveServer, announce, live_servers, present, withdraw

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def server(replica: str = "a", **changes) -> LiveServer:
    made = present(replica, "http://127.0.0.1:8080", ["models:/support/3"], now=NOW)
    return msgspec.structs.replace(made, **changes)


def seen(folder, *, seconds: float = 0.0) -> list[str]:
    return [one.replica for one in live_servers(folder, now=NOW + timedelta(seconds=seconds))]


def test_a_server_is_seen_until_it_withdraws(tmp_path):
    announce(tmp_path / "servers", server())
    assert live_servers(tmp_path / "servers", now=NOW) == [server()]
    withdraw(tmp_path / "servers", "a")
    withdraw(tmp_path / "servers", "a")
    assert seen(tmp_path / "servers") == []


def test_servers_come_by_name_and_replace_what_they_said(tmp_path):
    for one in (server("b"), server("a"), server("b", versions=[])):
        announce(tmp_path, one)
    assert [(one.replica, one.versions) for one in live_servers(tmp_path, now=NOW)] == [
        ("a", ["models:/support/3"]), ("b", []),
    ]  # fmt: skip


def test_one_that_was_not_renewed_is_gone(tmp_path):
    announce(tmp_path, server())
    assert seen(tmp_path, seconds=STALE_SECONDS) == ["a"]
    assert seen(tmp_path, seconds=STALE_SECONDS + 1) == []


def test_one_whose_process_ended_is_gone_at_once(tmp_path):
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    announce(tmp_path, server("dead", pid=child.pid))
    announce(tmp_path, server("parent", pid=os.getppid()))
    assert seen(tmp_path) == ["parent"]


def test_processes_of_another_host_are_not_looked_for(tmp_path):
    announce(tmp_path, server(host="elsewhere", pid=2**22 + 1))
    assert seen(tmp_path) == ["a"]


@pytest.mark.parametrize("time", ["yesterday", "2026-11-23T12:00:00", ""])
def test_a_file_with_a_strange_time_is_none(tmp_path, time):
    announce(tmp_path, server(time=time))
    assert seen(tmp_path) == []


def test_a_strange_process_id_is_none(tmp_path):
    announce(tmp_path, server(pid=2**40))
    assert seen(tmp_path) == []


def test_files_that_say_something_else_are_passed_over(tmp_path):
    announce(tmp_path, server())
    (tmp_path / "b.json").write_bytes(b'{"replica": "b"}')
    (tmp_path / "c.json").write_bytes(b"\xff")
    (tmp_path / "d.json").mkdir()
    assert seen(tmp_path) == ["a"]


def test_without_a_folder_there_is_no_server(tmp_path):
    assert live_servers(tmp_path / "none") == []


@pytest.mark.parametrize("replica", ["", "../a", "a/b", ".hidden", "a" * 129])
def test_a_replica_is_named_so_that_it_can_be_a_file(tmp_path, replica):
    with pytest.raises(InvalidInput, match="cannot name a replica"):
        announce(tmp_path, server(replica))


def test_a_message_names_the_server():
    assert server(pid=7, host="box").shown == "the server http://127.0.0.1:8080 (process 7 on box)"


def test_a_server_is_this_process_now():
    before = datetime.now(UTC) - timedelta(seconds=1)
    found = present("a", "http://x", ["b", "a"])
    assert (found.pid, found.versions) == (os.getpid(), ["a", "b"])
    assert before <= datetime.fromisoformat(found.time) <= datetime.now(UTC)
