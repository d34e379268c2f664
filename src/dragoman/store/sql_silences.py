"""Silences in the catalog's database: who keeps alerts from being told, until when and why, is audited."""

from __future__ import annotations

from sqlalchemy import select

from dragoman.records import By, Silence
from dragoman.store.changes import silence_facts, silence_subject
from dragoman.store.sql_database import SqlDatabase, encode, put, records
from dragoman.store.sql_tables import SILENCES

__all__ = ["SqlSilences"]


class SqlSilences(SqlDatabase):
    """Silences."""

    def save_silence(self, silence: Silence, *, action: str, by: By | None = None) -> None:
        row = {"id": silence.id, "starts": silence.starts, "ends": silence.ends, "record": encode(silence)}
        with self._changing(by) as change:
            found = change.connection.execute(select(SILENCES.c.record).where(SILENCES.c.id == silence.id)).scalars()
            if list(found) != [row["record"]]:
                put(change.connection, SILENCES, row)
                change.record(action, silence_subject(silence.id), silence_facts(silence))

    def silences(self, *, at: str = "") -> list[Silence]:
        statement = select(SILENCES.c.record)
        if at:
            statement = statement.where(SILENCES.c.starts <= at, SILENCES.c.ends > at)
        return sorted(records(self._rows(statement), Silence), key=lambda silence: (silence.starts, silence.id))
