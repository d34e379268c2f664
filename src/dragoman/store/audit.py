"""The chain of the audit log: every row holds the hash of the row before it.

The hash of a row is the SHA-256 of its other fields as canonical JSON: keys sorted by code point, no spaces, UTF-8,
characters as they are. Anybody can compute it anew without Dragoman; docs/audit.md shows how.
"""

from __future__ import annotations

import getpass
import hashlib
import json
import os
import socket
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from dragoman import clock
from dragoman.records import AuditRow, By, Record
from dragoman.store.refusals import unstorable

__all__ = ["NO_ROWS", "ChainCheck", "Head", "canonical_json", "chained", "hash_of", "now", "this_user", "verify_chain"]


class Head(Record, frozen=True, kw_only=True):
    """The newest row of a chain."""

    number: int
    hash: str


NO_ROWS = Head(number=0, hash="0" * 64)


def this_user() -> By:
    """The user of this process, as the system names it: `user@host`."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        user = f"uid-{os.getuid()}"
    return By(actor=f"{user}@{socket.gethostname()}")


def now() -> str:
    """The time in UTC, with milliseconds."""
    return clock.written()


# Rows ---------------------------------------------------------------------------------------------------------------


def chained(head: Head, action: str, subject: str, detail: Mapping[str, Any], by: By) -> AuditRow:
    """The row that follows `head`. Its detail holds the reason and the evidence of `by`, where there are some.

    Raises `InvalidInput` for what JSON or UTF-8 cannot hold.
    """
    why = {"reason": by.reason, "evidence": by.evidence}
    fields = {
        "number": head.number + 1,
        "time": now(),
        "actor": by.actor,
        "action": action,
        "subject": subject,
        "detail": _plain({**detail, **{key: text for key, text in why.items() if text}}),
        "previous": head.hash,
    }
    return msgspec.convert({**fields, "hash": _hash(fields)}, AuditRow)


def canonical_json(value: Any) -> bytes:
    """The one form of plain data. Raises `InvalidInput` for what UTF-8 cannot hold."""
    try:
        return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        raise unstorable() from None


def hash_of(row: AuditRow) -> str:
    """The hash that the row's other fields give."""
    fields = msgspec.to_builtins(row)
    del fields["hash"]
    return _hash(fields)


def _hash(fields: dict[str, Any]) -> str:
    return hashlib.sha256(canonical_json(fields)).hexdigest()


def _plain(detail: Mapping[str, Any]) -> Any:
    """The detail as it comes back from JSON: what is hashed is what will be read."""
    try:
        return msgspec.json.decode(msgspec.json.encode(detail))
    except (UnicodeEncodeError, OverflowError, TypeError):
        raise unstorable() from None


# Checking -----------------------------------------------------------------------------------------------------------


def verify_chain(rows: Iterable[AuditRow], head: Head | None = None, *, known: Sequence[Head] = ()) -> list[str]:
    """What is wrong with a chain of rows from its first to its last; empty if it is whole.

    `head` is the row that must be the last one. Those of `known`, noted earlier, must be in the chain.
    """
    check = ChainCheck(known)
    for row in rows:
        check.add(row)
    if head is not None:
        check.mark(head)
    return check.problems()


class ChainCheck:
    """Looks at the rows of a chain one after the other, and collects what is wrong with them.

    `known` are rows that were noted earlier: they must be in the chain.
    """

    def __init__(self, known: Sequence[Head] = ()) -> None:
        self.last, self.rows = NO_ROWS, 0
        self._known = known
        self._head: tuple[Head, int] | None = None  # and the last row when it was read
        self._wanted = {0, *(one.number for one in known)}
        self._hashes = {0: NO_ROWS.hash}
        self._problems: list[str] = []

    def add(self, row: AuditRow) -> None:
        """Look at the next row."""
        self._check_place(row)
        if row.hash != (found := hash_of(row)):
            self._problems.append(f"row {row.number} was changed: its content has the hash {found[:16]}…")
        if row.number in self._wanted:
            self._hashes[row.number] = row.hash
        self.last, self.rows = Head(number=row.number, hash=row.hash), self.rows + 1

    def mark(self, head: Head) -> None:
        """Take the head of the log, as it is read now; rows that are written meanwhile may follow."""
        self._head = head, self.last.number
        self._wanted.add(head.number)
        self._hashes.setdefault(self.last.number, self.last.hash)

    def problems(self) -> list[str]:
        """All that is wrong so far."""
        earlier = [problem for one in self._known for problem in self._known_problems(one)]
        return [*self._problems, *self._head_problems(), *earlier]

    def _check_place(self, row: AuditRow) -> None:
        expected = self.last.number + 1
        if row.number > expected:
            self._problems.append(_are_missing(expected, row.number - 1))
        elif row.number < expected:
            self._problems.append(f"row {row.number} is out of order: it stands after row {self.last.number}")
        elif row.previous != self.last.hash:
            before = "the beginning" if expected == 1 else f"row {self.last.number}"
            self._problems.append(f"row {row.number} does not follow {before}: one of the two was replaced")

    def _head_problems(self) -> list[str]:
        if self._head is None:
            return []
        head, least = self._head
        if head.number > self.last.number:
            return [f"{_are_missing(self.last.number + 1, head.number)}: the head of the log says so"]
        if head.number < least:
            return [f"the head of the log is row {head.number}, but there are rows up to {least}"]
        if self._is_known(head):
            return []
        return [f"the head of the log has another hash than row {head.number}"]

    def _known_problems(self, one: Head) -> list[str]:
        if one.number > self.last.number:
            return [f"{_are_missing(self.last.number + 1, one.number)}: row {one.number} was noted earlier"]
        return [] if self._is_known(one) else [f"row {one.number} has another hash than was noted earlier"]

    def _is_known(self, one: Head) -> bool:
        """A row that is missing is named already."""
        return self._hashes.get(one.number, one.hash) == one.hash


def _are_missing(first: int, last: int) -> str:
    return f"row {first} is missing" if first == last else f"rows {first} to {last} are missing"
