"""Processes of this command that end when the one that started them does, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

__all__ = ["end_process", "end_with_parent", "give_way", "start_command"]

LOOK_SECONDS = 0.5  # between two looks whether the parent is there
STOP_SECONDS = 15.0  # that a process has between SIGTERM and SIGKILL
NICENESS = 10
PR_SET_PDEATHSIG = 1  # linux/prctl.h


def start_command(*arguments: str, workspace: Path) -> subprocess.Popen[bytes]:
    """Start `dragoman ARGUMENTS` on a workspace; it writes where this process writes, and ends with it.

    On Linux the child gets a signal when the thread ends that started it: start it from one that stays.
    """
    command = [sys.executable, "-m", "dragoman", *arguments, "--workspace", str(workspace)]
    return subprocess.Popen([*command, "--parent", str(os.getpid())], stdin=subprocess.DEVNULL, process_group=0)


def end_process(process: subprocess.Popen[bytes], *, seconds: float = STOP_SECONDS) -> int:
    """Ask a process to end, wait, and kill it if it did not. Returns how it ended, as `Popen.returncode` says it."""
    if process.poll() is None:
        process.terminate()
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def give_way() -> None:
    """Let everything else on this machine come first: answers, above all."""
    os.nice(max(0, NICENESS - os.nice(0)))


def end_with_parent(parent: int) -> None:
    """Let this process get SIGTERM when its parent, the process `parent`, ends; at once if it has ended already.

    Linux sends the signal by itself; elsewhere, and where that was refused, a thread looks for the parent.
    """
    _ask_kernel()
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)
    threading.Thread(target=_watch, args=(parent,), name="dragoman-parent", daemon=True).start()


def _ask_kernel() -> None:
    if sys.platform == "linux":
        import ctypes  # heavy: a child alone needs it

        with suppress(OSError, AttributeError):
            ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(STOP_SECONDS)
    os._exit(1)  # it hangs, and nobody is there to kill it
