from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dragoman.app.child_process import end_process

CHILD = """
import pathlib, sys, time
from dragoman.app.child_process import end_with_parent
end_with_parent(int(sys.argv[1]))
pathlib.Path(sys.argv[2]).write_text("ready")
time.sleep(60)
"""
PARENT = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", sys.argv[1], str(os.getpid()), sys.argv[2]], process_group=0)
print(child.pid, flush=True)
time.sleep(60)
"""
STUBBORN = """
import signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(60)
"""


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 20
    while is_alive(pid):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_child_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    with subprocess.Popen([sys.executable, "-c", PARENT, CHILD, str(ready)], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        while not ready.exists():
            assert is_alive(child)
            time.sleep(0.01)
        parent.kill()
    wait_until_gone(child)


def test_a_child_whose_parent_has_gone_already_ends_at_once(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", CHILD, "1", str(tmp_path / "ready")], check=False, timeout=30)
    assert done.returncode == -15
    assert not (tmp_path / "ready").exists()


@pytest.mark.parametrize(("script", "code"), [("import time; time.sleep(60)", -15), (STUBBORN, -9)])
def test_a_process_that_does_not_end_when_asked_is_killed(script: str, code: int) -> None:
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        if script == STUBBORN:
            process.stdout.readline()
        assert end_process(process, seconds=0.2) == code
