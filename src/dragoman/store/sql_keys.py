"""API keys in the catalog's database: never the keys themselves, only digests."""

from __future__ import annotations

from sqlalchemy import select

from dragoman.records import ApiKey, By
from dragoman.store.changes import key_facts, key_subject
from dragoman.store.refusals import key_was_revoked
from dragoman.store.sql_database import SqlDatabase, encode, put, records
from dragoman.store.sql_tables import KEYS

__all__ = ["SqlKeys"]


class SqlKeys(SqlDatabase):
    """API keys."""

    def save_key(self, key: ApiKey, *, action: str, by: By | None = None) -> None:
        row = {"id": key.id, "record": encode(key)}
        with self._changing(by) as change:
            found = change.connection.execute(select(KEYS.c.record).where(KEYS.c.id == key.id)).all()
            if (known := next(records(found, ApiKey), key)).revoked and not key.revoked:
                raise key_was_revoked(known.name, known.revoked)
            if [one.record for one in found] != [row["record"]]:
                put(change.connection, KEYS, row)
                change.record(action, key_subject(key.id), key_facts(key))

    def keys(self) -> list[ApiKey]:
        return sorted(records(self._rows(select(KEYS.c.record)), ApiKey), key=lambda key: (key.created, key.id))
