"""Rows of the audit log, written in the transaction of what they tell of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from dragoman.records import AuditRow, By
from dragoman.store.audit import Head, canonical_json, chained, this_user
from dragoman.store.refusals import audit_log_changed
from dragoman.store.sql_tables import AUDIT, AUDIT_HEAD

__all__ = ["Change"]


class Change:
    """A transaction that changes the catalog, and who makes it.

    Its rows come last in it: whoever writes one holds the head of the chain until the end, and others wait.
    """

    def __init__(self, connection: Connection, by: By | None) -> None:
        self.connection, self.by = connection, by
        self.before: Head | None = None  # the head that the first row follows
        self.last: Head | None = None

    def record(self, action: str, subject: str, detail: Mapping[str, Any]) -> AuditRow:
        """Add a row to the log."""
        head = self._locked_head()
        row = chained(head, action, subject, detail, self.by or this_user())
        self._insert(row)
        self.connection.execute(update(AUDIT_HEAD).values(number=row.number, hash=row.hash))
        self.before = self.before or head
        self.last = Head(number=row.number, hash=row.hash)
        return row

    def _locked_head(self) -> Head:
        row = self.connection.execute(select(AUDIT_HEAD).with_for_update()).one_or_none()
        if row is None:
            raise audit_log_changed("it has no head")
        return Head(number=row.number, hash=row.hash)

    def _insert(self, row: AuditRow) -> None:
        fields = {name: getattr(row, name) for name in row.__struct_fields__}
        try:
            self.connection.execute(insert(AUDIT).values(fields | {"detail": canonical_json(row.detail).decode()}))
        except IntegrityError:
            raise audit_log_changed(f"it has a row {row.number}, and its head says {row.number - 1}") from None
