"""The first rows of the audit log of a catalog that is older than the log: one for each thing that was there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from sqlalchemy import Connection, text

from dragoman.store.audit import NO_ROWS, Head, canonical_json, chained, this_user

__all__ = ["adopt"]

INSERT = """
INSERT INTO audit (number, time, actor, action, subject, detail, previous, hash)
VALUES (:number, :time, :actor, :action, :subject, :detail, :previous, :hash)
"""


def adopt(connection: Connection) -> None:
    """Write the rows, and the head of the log."""
    head, by = NO_ROWS, this_user()
    for action, subject, detail in _found(connection):
        row = chained(head, action, subject, detail, by)
        connection.execute(text(INSERT), {**msgspec.to_builtins(row), "detail": canonical_json(row.detail).decode()})
        head = Head(number=row.number, hash=row.hash)
    connection.execute(text("INSERT INTO audit_head (number, hash) VALUES (:number, :hash)"), msgspec.to_builtins(head))


def _found(connection: Connection) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Action, subject and detail of each. The statements know the tables as they were when the log began."""
    for row in connection.execute(
        text("SELECT name, number, digest FROM dataset_versions ORDER BY name, number")
    ).all():
        yield "dataset.adopted", f"datasets:/{row.name}/{row.number}", {"digest": row.digest}
    for row in connection.execute(text("SELECT id, model, record FROM runs ORDER BY id")).all():
        status = msgspec.json.decode(row.record)["status"]
        yield "run.adopted", f"runs:/{row.id}", {"model": row.model, "status": status}
    versions = "SELECT model, number, bundle, run, owner, created FROM versions ORDER BY model, number"
    for row in connection.execute(text(versions)).all():
        detail = {"bundle": row.bundle, "run": row.run, "owner": row.owner, "created": row.created}
        yield "version.adopted", f"models:/{row.model}/{row.number}", detail
    for row in connection.execute(text("SELECT model, alias, number FROM aliases ORDER BY model, alias")).all():
        yield "alias.adopted", f"models:/{row.model}@{row.alias}", {"to": row.number}
