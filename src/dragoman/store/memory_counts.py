"""What replicas count while models answer, in memory."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from dragoman.records import Counts, CountsKind
from dragoman.store.changes import as_stored
from dragoman.store.refusals import counts_changed

__all__ = ["MemoryCounts"]

Key = tuple[str, str, str, str, str]  # start, version, replica, kind, model: in the order of lists


class MemoryCounts:
    """Counts in a dictionary."""

    def __init__(self) -> None:
        super().__init__()
        self._counts: dict[Key, Counts] = {}
        self._counts_lock = threading.Lock()

    def save_counts(self, rows: Sequence[Counts], *, instead_of: Sequence[Counts] = ()) -> None:
        new = {_key(row): as_stored(row) for row in rows}
        with self._counts_lock:
            for row in instead_of:
                if self._counts.get(_key(row)) != row:
                    raise counts_changed(row.model, row.version, start=row.start, replica=row.replica)
            removed = {_key(row) for row in instead_of}
            self._counts = {key: row for key, row in self._counts.items() if key not in removed} | new

    def counts(
        self, kind: CountsKind, model: str, *, version: str = "", since: str = "", until: str = ""
    ) -> list[Counts]:
        with self._counts_lock:
            return [
                row
                for _, row in sorted(self._counts.items())
                if (row.kind, row.model) == (kind, model)
                and version in ("", row.version)
                and since <= row.start
                and (not until or row.start < until)
            ]

    def forget_counts(self, kind: CountsKind, *, before: str) -> int:
        with self._counts_lock:
            old = [key for key, row in self._counts.items() if row.kind == kind and row.start < before]
            for key in old:
                del self._counts[key]
            return len(old)


def _key(row: Counts) -> Key:
    return row.start, row.version, row.replica, row.kind, row.model
