"""What replicas have counted for releases, and leases, in the catalog's database. Neither is in the audit log."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, func, select, update

from dragoman.errors import Untrusted
from dragoman.records import TallyRow
from dragoman.store.sql_database import SqlDatabase, insert_new, put
from dragoman.store.sql_tables import LEASES, TALLIES

__all__ = ["SqlTallies"]

COUNTS = msgspec.json.Decoder(list[TallyRow])
EXPOSED = msgspec.json.Decoder(dict[str, int])


class SqlTallies(SqlDatabase):
    """Counts of replicas, and leases."""

    def save_tallies(self, release: str, replica: str, rows: Sequence[TallyRow], exposed: Mapping[str, int]) -> None:
        with self._writing() as connection:
            counted = {"counts": _json(rows), "exposed": _json(exposed)}
            put(connection, TALLIES, {"release": release, "replica": replica, **counted})

    def tallies(self, release: str) -> dict[str, tuple[list[TallyRow], dict[str, int]]]:
        found = self._rows(select(TALLIES).where(TALLIES.c.release == release).order_by(TALLIES.c.replica))
        try:
            return {row.replica: (COUNTS.decode(row.counts), EXPOSED.decode(row.exposed)) for row in found}
        except msgspec.DecodeError as error:
            raise Untrusted(
                f"The counts of the release {release!r} cannot be read: {error}.",
                help="Use the release of Dragoman that wrote them, or restore the catalog from a backup.",
            ) from None

    def lease(self, name: str, holder: str, *, seconds: float) -> bool:
        with self._writing() as connection:
            now = _clock(connection)
            row = {"name": name, "holder": holder, "ends": now + round(seconds * 1000)}
            free = (LEASES.c.holder == holder) | (LEASES.c.ends <= now)
            taken = connection.execute(update(LEASES).where(LEASES.c.name == name, free).values(row)).rowcount
            return taken > 0 or insert_new(connection, LEASES, row)


def _clock(connection: Connection) -> int:
    """Milliseconds since 1970. Holders on several machines share a server's clock; those of a file, their machine's."""
    if connection.dialect.name == "sqlite":
        return time.time_ns() // 1_000_000
    return round(connection.execute(select(func.extract("epoch", func.clock_timestamp()))).scalar_one() * 1000)


def _json(counts: Any) -> str:
    return msgspec.json.encode(counts).decode()
