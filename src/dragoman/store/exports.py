"""The audit log as a file: one row a line, in the JSON that its hashes are made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from dragoman.errors import Untrusted
from dragoman.records import AuditRow
from dragoman.store.audit import canonical_json

__all__ = ["read_export", "write_export"]


def write_export(rows: Iterable[AuditRow], file: BinaryIO) -> int:
    """Write the rows; returns how many there were."""
    count = 0
    for row in rows:
        file.write(canonical_json(msgspec.to_builtins(row)) + b"\n")
        count += 1
    return count


def read_export(path: Path) -> Iterator[AuditRow]:
    """The rows of a file. Raises `Untrusted`, with the line, for what is none."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                yield msgspec.json.decode(line, type=AuditRow)
            except (msgspec.DecodeError, UnicodeDecodeError):
                raise Untrusted(
                    f"line {number} of {path} is no row of an audit log", help="Export the log again."
                ) from None
