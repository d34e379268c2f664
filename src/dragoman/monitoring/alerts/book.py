"""The alerts of a workspace, kept in its catalog together with the messages that tell them."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from dragoman.errors import Conflict
from dragoman.monitoring.alerts.deploys import Deploys
from dragoman.monitoring.alerts.life import RESOLVE_SECONDS, Contact, Look, live_on
from dragoman.monitoring.alerts.moments import moment_of, written
from dragoman.monitoring.alerts.telling import told, worth_telling, write_notices
from dragoman.records import Alert, AlertKind, Notice, Symptom
from dragoman.spec.receivers import Receiver
from dragoman.store.base import Catalog

__all__ = ["AlertBook", "Turn", "turn"]

logger = logging.getLogger(__name__)

TRIES = 3  # of one look, where somebody else changes the same alerts


class Turn(NamedTuple):
    """What one look changes."""

    alerts: list[Alert]  # that are new or changed
    notices: list[Notice]


def turn(firing: Sequence[Alert], look: Look, receivers: Sequence[Receiver]) -> Turn:
    """What a look makes of the alerts that fire, and which messages follow."""
    alerts = live_on(firing, look)
    chosen = worth_telling(alerts, look, receivers)
    ids = {alert.id for alert in chosen}
    after = [told(alert, look, receivers) if alert.id in ids else alert for alert in alerts]
    before = {alert.id: alert for alert in firing}
    changed = [alert for alert in after if alert != before.get(alert.id)]
    return Turn(changed, write_notices(chosen, receivers, look.now))


class AlertBook:
    """Turns symptoms into alerts and messages. It keeps nothing itself that the catalog does not have.

    A change of alerts and the messages about it are one transaction: a process that dies leaves both or neither. Of two
    that look at the same time one wins; the other one looks again.
    """

    def __init__(
        self,
        catalog: Catalog,
        receivers: Sequence[Receiver],
        *,
        region: str = "",
        runbooks: str = "",
        resolve_seconds: float = RESOLVE_SECONDS,
    ) -> None:
        self.catalog, self.receivers = catalog, receivers
        self.region, self.runbooks, self.resolve_seconds = region, runbooks, resolve_seconds
        self._deploys = Deploys(catalog)

    def look(
        self,
        symptoms: Sequence[Symptom],
        *,
        contacts: Mapping[str, Contact],
        now: str,
        blind: Collection[tuple[str, AlertKind]] = (),
    ) -> list[Alert]:
        """Keep what follows from the symptoms that hold now; returns the alerts that changed.

        `contacts` has every model of the workspace. `blind` names what could not be evaluated this time, as model and
        kind: no symptom says nothing there, and its alerts stay as they are.
        """
        now = written(moment_of(now))
        self._follow_deploys(contacts, now)
        for _ in range(TRIES):
            try:
                return self._look_once(symptoms, contacts, now, blind)
            except Conflict as error:
                logger.debug("Alerts were changed by somebody else: %s", error)
        return []  # the next look comes soon

    def _look_once(
        self,
        symptoms: Sequence[Symptom],
        contacts: Mapping[str, Contact],
        now: str,
        blind: Collection[tuple[str, AlertKind]],
    ) -> list[Alert]:
        look = Look(
            now=now,
            symptoms=symptoms,
            silences=self.catalog.silences(at=now),
            contacts=contacts,
            blind=blind,
            region=self.region,
            runbooks=self.runbooks,
            resolve_seconds=self.resolve_seconds,
        )
        changes = turn(self.catalog.alerts(firing=True), look, self.receivers)
        return self.catalog.save_alerts(changes.alerts, changes.notices) if changes.alerts else []

    def _follow_deploys(self, contacts: Mapping[str, Contact], now: str) -> None:
        minutes = {model: contact.rules.deploy_minutes for model, contact in contacts.items()}
        longest = max(minutes.values(), default=0.0)
        self._deploys.follow(lambda model: minutes.get(model, 0.0), longest=longest, now=now)
