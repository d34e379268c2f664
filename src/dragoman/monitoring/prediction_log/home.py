"""The folder of one replica: `ROOT/REPLICA`, with `ROOT/REPLICA.lock` beside it."""

from __future__ import annotations

import itertools
import re
from contextlib import ExitStack, suppress
from pathlib import Path

from dragoman.errors import Conflict, InvalidInput
from dragoman.store.files import FileLock, make_folder

__all__ = ["Home", "lock_of", "neighbours"]

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}")
WAIT_SECONDS = 10.0  # another process may be moving what this replica left behind


class Home:
    """A replica's folder while this process holds it.

    Without a name the first free one of 0, 1, 2, … is taken: the one that a killed process had, in most cases.
    """

    def __init__(self, root: Path, replica: str = "") -> None:
        if replica and not NAME.fullmatch(replica):
            raise InvalidInput(
                f"{replica!r} cannot be the name of a replica.",
                help="Use at most 64 letters, digits, '.', '-' and '_', beginning with a letter or digit.",
            )
        self.root, self.replica = root, replica
        self._held: ExitStack | None = None

    @property
    def is_entered(self) -> bool:
        return self._held is not None

    @property
    def folder(self) -> Path:
        """Of no meaning before the folder is entered."""
        return self.root / self.replica

    def enter(self) -> None:
        """Take the folder. Raises `Conflict` while another process has it, `StorageFull`, and `InvalidInput`."""
        with ExitStack() as held:
            replica = self._lock(held)
            make_folder(self.root / replica)
            self.replica, self._held = replica, held.pop_all()

    def leave(self) -> None:
        """Let others have it."""
        if self._held:
            self._held.close()

    def _lock(self, held: ExitStack) -> str:
        if self.replica:
            held.enter_context(FileLock(lock_of(self.folder), wait=WAIT_SECONDS))
            return self.replica
        for number in itertools.count():
            with suppress(Conflict):
                held.enter_context(FileLock(lock_of(self.root / str(number))))
                return str(number)
        raise AssertionError  # the numbers do not end


def lock_of(folder: Path) -> Path:
    """Beside the folder, and never removed: a lock that is removed can be held twice."""
    return folder.with_name(f"{folder.name}.lock")


def neighbours(folder: Path) -> list[Path]:
    """The folders of the other replicas."""
    return sorted(path for path in folder.parent.iterdir() if path.is_dir() and path != folder)
