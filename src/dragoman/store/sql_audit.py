"""The audit log in the catalog's database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Row, func, select

from dragoman.records import AuditRow, By
from dragoman.store.audit import Head
from dragoman.store.refusals import audit_log_changed
from dragoman.store.sql_database import SqlDatabase
from dragoman.store.sql_tables import AUDIT

__all__ = ["SqlAudit"]


class SqlAudit(SqlDatabase):
    """The log of all changes."""

    def audit(self, action: str, subject: str, *, detail: Mapping[str, Any], by: By | None = None) -> AuditRow:
        with self._changing(by) as change:
            return change.record(action, subject, detail)

    def audit_rows(
        self, *, after: int = 0, limit: int | None = None, action: str = "", subject: str = ""
    ) -> list[AuditRow]:
        conditions = [AUDIT.c.number > after]
        if action:
            conditions.append(_is_action(action))
        if subject:
            conditions.append(AUDIT.c.subject == subject)
        rows = self._rows(select(AUDIT).where(*conditions).order_by(AUDIT.c.number).limit(limit))
        return [_as_row(row) for row in rows]

    def audit_head(self) -> Head:
        return self._head()


def _is_action(action: str) -> ColumnElement[bool]:
    if action.endswith("."):
        return func.substr(AUDIT.c.action, 1, len(action)) == action
    return AUDIT.c.action == action


def _as_row(row: Row[Any]) -> AuditRow:
    fields = {name: getattr(row, name) for name in AuditRow.__struct_fields__}
    try:
        return msgspec.convert({**fields, "detail": msgspec.json.decode(row.detail)}, AuditRow)
    except (msgspec.DecodeError, TypeError):
        raise audit_log_changed(f"its row {row.number} cannot be read") from None
