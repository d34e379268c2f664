"""What replicas count while models answer, in the catalog's database. It is not in the audit log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, delete, select

from dragoman.records import Counts, CountsKind
from dragoman.store.refusals import counts_changed
from dragoman.store.sql_database import SqlDatabase, put
from dragoman.store.sql_tables import COUNTS

__all__ = ["SqlCounts"]


class SqlCounts(SqlDatabase):
    """Counts of replicas by bucket of time."""

    def save_counts(self, rows: Sequence[Counts], *, instead_of: Sequence[Counts] = ()) -> None:
        with self._writing() as connection:
            for row in instead_of:
                _remove(connection, row)
            for row in rows:
                put(connection, COUNTS, msgspec.structs.asdict(row))

    def counts(
        self, kind: CountsKind, model: str, *, version: str = "", since: str = "", until: str = ""
    ) -> list[Counts]:
        conditions = [COUNTS.c.kind == kind, COUNTS.c.model == model, *_within(since, until)]
        conditions += [COUNTS.c.version == version] if version else []
        rows = self._rows(select(COUNTS).where(*conditions))
        found = [msgspec.convert(row, Counts, from_attributes=True) for row in rows]
        return sorted(found, key=lambda row: (row.start, row.version, row.replica))

    def forget_counts(self, kind: CountsKind, *, before: str) -> int:
        with self._writing() as connection:
            return connection.execute(delete(COUNTS).where(COUNTS.c.kind == kind, COUNTS.c.start < before)).rowcount


def _within(since: str, until: str) -> list[ColumnElement[bool]]:
    after = [COUNTS.c.start >= since] if since else []
    return after + ([COUNTS.c.start < until] if until else [])


def _remove(connection: Connection, row: Counts) -> None:
    """Remove a row that is as it was when it was read: what was counted since would be lost."""
    values: dict[str, Any] = msgspec.structs.asdict(row)
    same = [column == values[column.name] for column in COUNTS.columns]
    if not connection.execute(delete(COUNTS).where(*same)).rowcount:
        raise counts_changed(row.model, row.version, start=row.start, replica=row.replica)
