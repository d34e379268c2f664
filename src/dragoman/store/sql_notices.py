"""Notices about alerts in the catalog's database. They are not in the audit log."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, select, update

from dragoman.records import Notice
from dragoman.store.refusals import notice_changed
from dragoman.store.sql_database import SqlDatabase, encode, insert_new, records
from dragoman.store.sql_tables import NOTICES

__all__ = ["UNSENT", "SqlNotices", "add_notice"]

UNSENT = ("waiting", "sending")


class SqlNotices(SqlDatabase):
    """Messages to receivers."""

    def save_notice(self, notice: Notice) -> Notice:
        saved = msgspec.structs.replace(notice, revision=notice.revision + 1)
        mine = NOTICES.c.id == notice.id
        with self._writing() as connection:
            as_read = update(NOTICES).where(mine, NOTICES.c.revision == notice.revision)
            if not connection.execute(as_read.values(_row(saved))).rowcount:
                found = connection.execute(select(NOTICES.c.revision).where(mine)).scalar() or 0
                raise notice_changed(notice.id, found=found, expected=notice.revision)
        return saved

    def notices(self, *, unsent: bool = False, limit: int | None = None) -> list[Notice]:
        statement = select(NOTICES.c.record).limit(limit)
        if unsent:
            statement = statement.where(NOTICES.c.status.in_(UNSENT)).order_by(NOTICES.c.due, NOTICES.c.id)
        else:
            statement = statement.order_by(NOTICES.c.created, NOTICES.c.id)
        return list(records(self._rows(statement), Notice))


def add_notice(connection: Connection, notice: Notice) -> None:
    """Add a notice in somebody's transaction; one that is there stays as it is."""
    insert_new(connection, NOTICES, _row(msgspec.structs.replace(notice, revision=1)))


def _row(notice: Notice) -> dict[str, Any]:
    plain = {"id": notice.id, "status": notice.status, "due": notice.due, "created": notice.created}
    return plain | {"revision": notice.revision, "record": encode(notice)}
