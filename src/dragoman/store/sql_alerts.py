"""Alerts in the catalog's database. They are not in the audit log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, delete, select, update
from sqlalchemy.exc import IntegrityError

from dragoman.errors import Conflict
from dragoman.records import Alert, Notice
from dragoman.store.refusals import alert_changed, alert_fires_already, alert_not_found
from dragoman.store.sql_database import SqlDatabase, encode, insert_new, records
from dragoman.store.sql_notices import UNSENT, add_notice
from dragoman.store.sql_tables import ALERTS, NOTICES

__all__ = ["SqlAlerts"]

KEY = ("model", "version", "kind", "name", "language")


class SqlAlerts(SqlDatabase):
    """Alerts."""

    def save_alerts(self, alerts: Sequence[Alert], notices: Sequence[Notice] = ()) -> list[Alert]:
        saved = [msgspec.structs.replace(alert, revision=alert.revision + 1) for alert in alerts]
        with self._writing() as connection:
            # Those that are over come first and free their key; always by id, so that two writers never lock crosswise.
            for alert in sorted(saved, key=lambda alert: (alert.status == "firing", alert.id)):
                _write(connection, alert)
            for notice in notices:
                add_notice(connection, notice)
        return saved

    def alert(self, id: str) -> Alert:
        for alert in records(self._rows(_alerts_where(ALERTS.c.id == id)), Alert):
            return alert
        raise alert_not_found(id)

    def alerts(
        self, *, model: str | None = None, firing: bool | None = None, since: str = "", limit: int | None = None
    ) -> list[Alert]:
        conditions = [] if model is None else [ALERTS.c.model == model]
        conditions += [] if firing is None else [ALERTS.c.firing == int(firing)]
        conditions += [(ALERTS.c.firing == 1) | (ALERTS.c.ended >= since)] if since else []
        newest = _alerts_where(*conditions).order_by(ALERTS.c.started.desc(), ALERTS.c.id.desc()).limit(limit)
        return list(records(self._rows(newest), Alert))

    def forget_alerts(self, *, before: str) -> int:
        with self._writing() as connection:
            connection.execute(delete(NOTICES).where(NOTICES.c.created < before, NOTICES.c.status.not_in(UNSENT)))
            return connection.execute(delete(ALERTS).where(ALERTS.c.firing == 0, ALERTS.c.ended < before)).rowcount


def _write(connection: Connection, alert: Alert) -> None:
    """Add or replace an alert whose revision is one above the stored one."""
    found = _revision(connection, alert.id)
    if found != alert.revision - 1:
        raise alert_changed(alert.id, found=found, expected=alert.revision - 1)
    if not (_replaced(connection, alert) if found else insert_new(connection, ALERTS, _row(alert))):
        raise _refused(connection, alert)


def _revision(connection: Connection, id: str) -> int:
    """That of the stored alert, with its row locked; 0 if there is none."""
    found = select(ALERTS.c.revision).where(ALERTS.c.id == id).with_for_update()
    return connection.execute(found).scalar() or 0


def _replaced(connection: Connection, alert: Alert) -> bool:
    try:
        with connection.begin_nested():
            connection.execute(update(ALERTS).where(ALERTS.c.id == alert.id).values(_row(alert)))
    except IntegrityError:
        return False
    return True


def _refused(connection: Connection, alert: Alert) -> Conflict:
    """Why the database's keys refused the alert: somebody added it just now, or another one with its key fires."""
    same = [ALERTS.c[name] == getattr(alert, name) for name in KEY]
    for other in records(
        connection.execute(_alerts_where(ALERTS.c.firing == 1, ALERTS.c.id != alert.id, *same)), Alert
    ):
        return alert_fires_already(alert.id, other.id, other.revision)
    return alert_changed(alert.id, found=_revision(connection, alert.id), expected=alert.revision - 1)


def _alerts_where(*conditions: Any) -> Select[Any]:
    return select(ALERTS.c.record).where(*conditions)


def _row(alert: Alert) -> dict[str, Any]:
    plain = {name: getattr(alert, name) for name in ("id", *KEY, "started", "updated", "ended", "revision")}
    return plain | {"firing": int(alert.status == "firing"), "record": encode(alert)}
