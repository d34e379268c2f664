"""Processes of the day: who runs, who is whose child, and who is started again when it dies."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

__all__ = ["Kept", "Running", "descendants", "kill", "left_behind", "role_of"]

PROC = Path("/proc")


class Running(NamedTuple):
    """A process, and what it was started with."""

    pid: int
    parent: int
    command: Sequence[str]


class Kept:
    """A process that is started again when it dies, until it ends with an exit code of `final`."""

    def __init__(
        self, command: Sequence[str], log: Path, environment: Mapping[str, str], *, final: Sequence[int] = ()
    ) -> None:
        self.command, self.log, self.environment, self.final = list(command), log, dict(environment), final
        self.starts = 0
        self.child: subprocess.Popen[bytes] | None = None

    def keep(self) -> int | None:
        """Start it where it does not run; its exit code once it has ended for good."""
        code = None if self.child is None else self.child.poll()
        if self.child is None or (code is not None and code not in self.final):
            self._start()
            return None
        return code

    def stop(self) -> None:
        """Ask it to end, and make it."""
        if self.child is None:
            return
        self.child.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.child.wait(30)
        self.child.kill()
        self.child.wait()

    def _start(self) -> None:
        self.starts += 1
        with self.log.open("ab") as log:
            self.child = subprocess.Popen(self.command, stdout=log, stderr=log, env=self.environment)


def descendants(pid: int) -> list[Running]:
    """The children of a process, and theirs. Empty where there is no /proc."""
    everyone = list(processes())
    found, parents = [], {pid}
    while children := [one for one in everyone if one.parent in parents]:
        found += children
        parents = {one.pid for one in children}
    return found


def left_behind(root: str, folder: str) -> Iterator[Running]:
    """Processes of a day whose supervisor died: of its workspace, and its director."""
    for one in processes():
        of_workspace = "dragoman" in one.command and root in one.command
        is_director = "direct" in one.command and folder in one.command
        if of_workspace or is_director:
            yield one


def processes() -> Iterator[Running]:
    for folder in PROC.glob("[0-9]*"):
        with suppress(OSError, ValueError, IndexError):
            after = (folder / "stat").read_text().rpartition(")")[2].split()
            command = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
            if after[0] != "Z":
                yield Running(int(folder.name), int(after[1]), command)


def role_of(command: Sequence[str]) -> str:
    """Which part of the platform a process is: "loop", "training", "check", or "" for another one."""
    words = [word for word in command if word and not word.startswith("-")]
    for name, phrase in (("training", ["loop", "work"]), ("check", ["release", "check"]), ("loop", ["loop"])):
        if any(words[start : start + len(phrase)] == phrase for start in range(len(words))):
            return name
    return ""


def kill(pid: int) -> bool:
    """End a process at once, without a word; whether it was there."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True
