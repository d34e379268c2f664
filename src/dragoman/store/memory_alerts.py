"""Alerts, notices and silences in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from dragoman.records import Alert, By, Notice, Silence
from dragoman.store import changes
from dragoman.store.changes import as_stored
from dragoman.store.memory_audit import MemoryAudit
from dragoman.store.refusals import alert_changed, alert_fires_already, alert_not_found, notice_changed

__all__ = ["MemoryAlerts"]

UNSENT = ("waiting", "sending")


class MemoryAlerts(MemoryAudit):
    """Records in dictionaries by id."""

    def __init__(self) -> None:
        super().__init__()
        self._alerts: dict[str, Alert] = {}
        self._notices: dict[str, Notice] = {}
        self._silences: dict[str, Silence] = {}

    # Alerts

    def save_alerts(self, alerts: Sequence[Alert], notices: Sequence[Notice] = ()) -> list[Alert]:
        saved = [msgspec.structs.replace(alert, revision=alert.revision + 1) for alert in alerts]
        with self._lock:
            kept = dict(self._alerts)
            for alert in sorted(saved, key=lambda alert: alert.status == "firing"):
                _require_writable(kept, alert)
                kept[alert.id] = as_stored(alert)
            added = {notice.id: as_stored(msgspec.structs.replace(notice, revision=1)) for notice in notices}
            self._alerts, self._notices = kept, added | self._notices
        return saved

    def alert(self, id: str) -> Alert:
        if id not in self._alerts:
            raise alert_not_found(id)
        return as_stored(self._alerts[id])

    def alerts(
        self, *, model: str | None = None, firing: bool | None = None, since: str = "", limit: int | None = None
    ) -> list[Alert]:
        chosen = [
            as_stored(alert)
            for alert in self._alerts.values()
            if model in (None, alert.model)
            and firing in (None, alert.status == "firing")
            and (alert.status == "firing" or alert.ended >= since)
        ]
        return sorted(chosen, key=lambda alert: (alert.started, alert.id), reverse=True)[:limit]

    def forget_alerts(self, *, before: str) -> int:
        with self._lock:
            over = {one.id for one in self._alerts.values() if one.status != "firing" and one.ended < before}
            told = {one.id for one in self._notices.values() if one.created < before and one.status not in UNSENT}
            self._alerts = {id: one for id, one in self._alerts.items() if id not in over}
            self._notices = {id: one for id, one in self._notices.items() if id not in told}
        return len(over)

    # Notices

    def save_notice(self, notice: Notice) -> Notice:
        saved = msgspec.structs.replace(notice, revision=notice.revision + 1)
        with self._lock:
            known = self._notices.get(notice.id)
            found = known.revision if known else 0
            if known is None or found != notice.revision:
                raise notice_changed(notice.id, found=found, expected=notice.revision)
            self._notices[notice.id] = as_stored(saved)
        return saved

    def notices(self, *, unsent: bool = False, limit: int | None = None) -> list[Notice]:
        with self._lock:
            kept = [as_stored(notice) for notice in self._notices.values()]
        if unsent:
            waiting = [notice for notice in kept if notice.status in UNSENT]
            return sorted(waiting, key=lambda notice: (notice.due, notice.id))[:limit]
        return sorted(kept, key=lambda notice: (notice.created, notice.id))[:limit]

    # Silences

    def save_silence(self, silence: Silence, *, action: str, by: By | None = None) -> None:
        with self._lock:
            if (kept := as_stored(silence)) != self._silences.get(silence.id):
                self.audit(action, changes.silence_subject(silence.id), detail=changes.silence_facts(silence), by=by)
                self._silences[silence.id] = kept

    def silences(self, *, at: str = "") -> list[Silence]:
        with self._lock:
            kept = [silence for silence in self._silences.values() if not at or silence.starts <= at < silence.ends]
        return sorted(kept, key=lambda silence: (silence.starts, silence.id))


def _require_writable(kept: Mapping[str, Alert], alert: Alert) -> None:
    """Raise `Conflict` if the alert's predecessor is another one, or if one with its key fires."""
    known = kept.get(alert.id)
    if (found := known.revision if known else 0) != alert.revision - 1:
        raise alert_changed(alert.id, found=found, expected=alert.revision - 1)
    for other in kept.values():
        if alert.status == other.status == "firing" and alert.key == other.key and alert.id != other.id:
            raise alert_fires_already(alert.id, other.id, other.revision)
