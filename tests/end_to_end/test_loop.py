"""The loop as processes: one works at a time, it goes on when one is killed, and none is left behind."""

import json
import os
import shutil
import signal
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from .conftest import command, run
from .test_serve import serving

WAIT_SECONDS = 60


@pytest.fixture
def shop(trained, tmp_path):
    """A trained workspace of its own."""
    root = tmp_path / "shop"
    shutil.copytree(trained, root)
    return root


@contextmanager
def loop(root, log):
    """A loop that writes to a file; killed at the end if it still runs."""
    with log.open("w") as out:
        child = subprocess.Popen(command("loop", "-w", root), stdout=out, stderr=out)
    try:
        yield child
    finally:
        child.kill()
        child.wait()


def wait_for(holds):
    deadline = time.monotonic() + WAIT_SECONDS
    while not (found := holds()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


def loops_of(pid):
    """The loops that a server has started."""
    found = subprocess.run(
        ["pgrep", "-P", str(pid), "-f", "dragoman loop"], check=False, capture_output=True, text=True
    )
    return [int(line) for line in found.stdout.split()]


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"


def jobs(root, *options):
    done = run("loop", "jobs", "--json", *options, "-w", root)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_of_two_loops_one_works_and_the_other_goes_on_when_it_is_killed(shop, tmp_path):
    first, second = tmp_path / "first.log", tmp_path / "second.log"
    with loop(shop, first) as active, loop(shop, second) as other:
        logs = {active: first, other: second}
        wait_for(lambda: any("this one waits" in log.read_text() for log in logs.values()))
        waits = next(child for child, log in logs.items() if "this one waits" in log.read_text())
        works = other if waits is active else active
        wait_for(lambda: jobs(shop, "--kind", "evaluate", "--status", "done"))
        works.kill()
        wait_for(lambda: "This process runs the loop now." in logs[waits].read_text())
        waits.send_signal(signal.SIGTERM)
        assert waits.wait(WAIT_SECONDS) == 0
        assert logs[waits].read_text().count("this one waits") == 1


def test_a_loop_beside_a_server_is_started_again_and_ends_with_it(shop):
    with serving("up", shop) as (server, _):
        (first,) = wait_for(lambda: loops_of(server.pid))
        os.kill(first, signal.SIGKILL)
        (second,) = wait_for(lambda: [pid for pid in loops_of(server.pid) if pid != first])
        server.send_signal(signal.SIGTERM)
        _, said = server.communicate(timeout=WAIT_SECONDS)
        assert not is_alive(second)
    assert "The loop ended (killed by signal 9); it is started again in 1 s." in said


def test_a_server_that_is_killed_leaves_no_loop_behind(shop):
    with serving("serve", "-w", shop, "--loop") as (server, _):
        (pid,) = wait_for(lambda: loops_of(server.pid))
        server.kill()
        server.wait()
        wait_for(lambda: not is_alive(pid))


def test_no_loop_runs_where_none_is_wanted(shop):
    with serving("up", shop, "--no-loop") as (server, _):
        assert loops_of(server.pid) == []
        assert jobs(shop) == []
