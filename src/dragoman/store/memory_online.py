"""Online rows in memory, for tests and for trying things out. They keep the same promises as the ones on disk."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence

from dragoman.store.online_rows import Change, Namespace, Pair, Row, batches, changed, half_character, is_whole

__all__ = ["MemoryOnline"]


class MemoryOnline:
    """Rows in a dictionary."""

    def __init__(self) -> None:
        self._rows: dict[Pair, Row] = {}
        self._lock = threading.RLock()

    def read(self, pairs: Sequence[Pair]) -> list[bytes | None]:
        return [None if row is None else row.served for row in self.rows(pairs)]

    def rows(self, pairs: Sequence[Pair]) -> list[Row | None]:
        with self._lock:
            return [self._rows.get(pair) for pair in pairs]

    def update(self, pairs: Sequence[Pair], change: Change) -> None:
        with self._lock:
            rows = [self._rows.get(pair) for pair in pairs]
            for place in changed(rows, change):
                self._write(pairs[place], rows[place])

    def put(self, namespace: str, rows: Mapping[str, Row]) -> None:
        with self._lock:
            for key in rows:
                _require_whole(namespace + key)
            self._rows |= {(namespace, key): row for key, row in rows.items()}

    def keys(self, namespace: str) -> Iterator[list[str]]:
        with self._lock:
            found = [key for name, key in self._rows if name == namespace]
        return (list(part) for part in batches(found))

    def drop(self, namespace: str) -> None:
        with self._lock:
            self._rows = {pair: row for pair, row in self._rows.items() if pair[0] != namespace}

    def namespaces(self) -> list[Namespace]:
        with self._lock:
            rows = sorted((*pair, *row) for pair, row in self._rows.items())
        names = dict.fromkeys(name for name, *_ in rows)
        sizes = {name: [sum(map(len, parts)) for other, *parts in rows if other == name] for name in names}
        return [Namespace(name, len(found), sum(found)) for name, found in sizes.items()]

    def close(self) -> None:
        """Nothing is open."""

    def _write(self, pair: Pair, row: Row | None) -> None:
        _require_whole("".join(pair))
        if row is None:
            self._rows.pop(pair, None)
        else:
            self._rows[pair] = row


def _require_whole(text: str) -> None:
    if not is_whole(text):
        raise half_character(text)
