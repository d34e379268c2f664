"""The audit log in memory."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from dragoman.records import AuditRow, By
from dragoman.store.audit import NO_ROWS, Head, chained, this_user
from dragoman.store.changes import as_stored

__all__ = ["MemoryAudit"]


class MemoryAudit:
    """Rows in a list."""

    def __init__(self) -> None:
        super().__init__()
        self._audit: list[AuditRow] = []
        self._lock = threading.RLock()

    def audit(self, action: str, subject: str, *, detail: Mapping[str, Any], by: By | None = None) -> AuditRow:
        with self._lock:
            row = chained(self.audit_head(), action, subject, detail, by or this_user())
            self._audit.append(row)
            return as_stored(row)

    def audit_rows(
        self, *, after: int = 0, limit: int | None = None, action: str = "", subject: str = ""
    ) -> list[AuditRow]:
        with self._lock:
            rows = [
                as_stored(row)
                for row in self._audit
                if row.number > after
                and subject in ("", row.subject)
                and (row.action.startswith(action) if action.endswith(".") else action in ("", row.action))
            ]
        return rows[:limit]

    def audit_head(self) -> Head:
        newest = self._audit[-1:]
        return Head(number=newest[0].number, hash=newest[0].hash) if newest else NO_ROWS
