"""A file outside of the database that knows the newest row of the audit log."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from dragoman.errors import Untrusted
from dragoman.store.audit import Head
from dragoman.store.files import FileLock, write_atomically

__all__ = ["Anchor"]

LOCK_SECONDS = 5.0


class Anchor:
    """The file: `{"number": 12, "hash": "ab…"}`. Who removes rows of the database has to change it too."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> Head | None:
        """What was noted last, or None without a file. Raises `Untrusted` if it cannot be read."""
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=Head)
        except FileNotFoundError:
            return None
        except msgspec.DecodeError:
            raise Untrusted(
                f"{self.path} cannot be read: it was changed.",
                help="Compare the log with an export, then remove the file; the next change writes it.",
            ) from None

    def advance(self, head: Head, is_in_chain: Callable[[Head], bool]) -> None:
        """Note a newer head. One that was noted and is not in the chain any more stays: it is the proof of that."""
        with FileLock(self.path.with_name(f"{self.path.name}.lock"), wait=LOCK_SECONDS):
            kept = self.read()
            if kept is None or (kept.number < head.number and is_in_chain(kept)):
                write_atomically(self.path, msgspec.json.encode(head), sync=False)
