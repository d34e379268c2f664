"""Which alerts are told now, and in which messages."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from dragoman.monitoring.alerts.life import Look
from dragoman.monitoring.alerts.moments import later, moment_of
from dragoman.monitoring.alerts.routes import receivers_of
from dragoman.records import Alert, Notice
from dragoman.spec.receivers import Receiver

__all__ = ["told", "worth_telling", "write_notices"]

SECONDS = 3600.0  # of an hour
ID_LENGTH = 32


def worth_telling(alerts: Sequence[Alert], look: Look, receivers: Sequence[Receiver]) -> list[Alert]:
    """Alerts that are told now: those that are due, with those of their group that would be in a moment, and ends.

    What nobody wants to know stays due: a receiver that is added later is told at once.
    """
    wanted = [alert for alert in alerts if receivers_of(alert, receivers)]
    due = {alert.group for alert in wanted if _is_due(alert, look, within=0.0)}
    return [alert for alert in wanted if _is_over(alert) or (alert.group in due and _is_mate(alert, look))]


def _is_mate(alert: Alert, look: Look) -> bool:
    return _is_due(alert, look, within=look.rules(alert.model).group_seconds)


def _is_due(alert: Alert, look: Look, *, within: float) -> bool:
    """Whether people should hear of it: not while it is silenced, nor while its symptom is gone."""
    is_here = alert.status == "firing" and not alert.silence and not alert.gone
    return is_here and moment_of(alert.due) <= moment_of(later(look.now, seconds=within))


def _is_over(alert: Alert) -> bool:
    """Who was told of a beginning is told of the end, whatever is silenced by then."""
    return alert.status == "resolved"


def told(alert: Alert, look: Look, receivers: Sequence[Receiver]) -> Alert:
    """The alert after it was told: when it is again, and by whom it is known as how urgent."""
    known = {**alert.told, **dict.fromkeys(receivers_of(alert, receivers), alert.severity)}
    again = later(look.now, seconds=look.rules(alert.model).repeat_hours * SECONDS)
    return msgspec.structs.replace(alert, due=again, told=known) if alert.status == "firing" else alert


def write_notices(alerts: Sequence[Alert], receivers: Sequence[Receiver], now: str) -> list[Notice]:
    """A message for each group of alerts and each receiver that wants some of them."""
    return [
        _notice(receiver.name, group, chosen, now)
        for group, members in _groups(alerts)
        for receiver in receivers
        if (chosen := [alert for alert in members if receiver.name in receivers_of(alert, receivers)])
    ]


def _groups(alerts: Iterable[Alert]) -> Iterator[tuple[tuple[str, str, str], list[Alert]]]:
    groups: dict[tuple[str, str, str], list[Alert]] = {}
    for alert in sorted(alerts, key=_urgency):
        groups.setdefault(alert.group, []).append(alert)
    yield from sorted(groups.items())


def _urgency(alert: Alert) -> tuple[bool, bool, str, tuple[str, ...]]:
    """What fires before what is over, pages before tickets."""
    return alert.status != "firing", alert.severity != "page", alert.started, alert.key


def _notice(receiver: str, group: Sequence[str], alerts: list[Alert], now: str) -> Notice:
    """Its id follows from what it tells: whoever writes the same message gives it the same id."""
    content = [[alert.id, alert.status, alert.severity, alert.due] for alert in alerts]
    id = hashlib.sha256(msgspec.json.encode([receiver, group, content])).hexdigest()[:ID_LENGTH]
    return Notice(id=id, receiver=receiver, group=list(group), alerts=alerts, status="waiting", created=now, due=now)
