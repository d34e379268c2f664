"""Silences that begin by themselves: a model's alerts are kept back for a while after a deploy."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from dragoman.monitoring.alerts.moments import later, seconds_between
from dragoman.records import AuditRow, By, Silence
from dragoman.registry.uri import CHAMPION
from dragoman.store.base import Catalog

__all__ = ["DEPLOYS", "Deploys", "deploy_silence"]

DEPLOYS = By(actor="monitor", reason="A deploy changed what answers.")
RELEASE_ACTIONS = ("release.started", "release.stepped", "release.promoted", "release.rolled_back")
SHADOW = "shadow"  # nobody sees what the challenger answers
PAGE = 500  # rows of the audit log that are read at once
SECONDS = 60.0  # of a minute
ID_LENGTH = 26

Minutes = Callable[[str], float]  # of a model: how long its alerts are kept back


class Deploys:
    """Follows the audit log, and keeps a silence for every deploy in it, once, whoever else does the same."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self._seen = -1  # number of the newest row that was looked at

    def follow(self, minutes: Minutes, *, longest: float, now: str) -> list[Silence]:
        """Keep the silences of the deploys since the last look, and return them.

        `longest` is the greatest of the `minutes` of any model: the first look goes back that far.
        """
        head = self.catalog.audit_head().number
        if head == self._seen:
            return []
        rows = self._rows_since(longest, now) if self._seen < 0 else self.catalog.audit_rows(after=self._seen)
        silences = [one for row in rows if (one := deploy_silence(row, minutes)) is not None]
        wanted = [one for one in silences if seconds_between(now, one.ends) > 0]
        kept = self._keep(wanted)
        self._seen = max([head, *(row.number for row in rows)])
        return kept

    def _rows_since(self, minutes: float, now: str) -> list[AuditRow]:
        """The newest rows, as far back as a silence of so many minutes could still hold."""
        head, pages = self.catalog.audit_head().number, 1
        while True:
            rows = self.catalog.audit_rows(after=max(0, head - pages * PAGE))
            if not rows or rows[0].number == 1 or seconds_between(rows[0].time, now) >= minutes * SECONDS:
                return rows
            pages *= 2

    def _keep(self, wanted: list[Silence]) -> list[Silence]:
        """Those that are not there yet: one that a person has ended stays ended."""
        known = {silence.id for silence in self.catalog.silences()} if wanted else set()
        new = [silence for silence in wanted if silence.id not in known]
        for silence in new:
            self.catalog.save_silence(silence, action="silence.created", by=DEPLOYS)
        return new


def deploy_silence(row: AuditRow, minutes: Minutes) -> Silence | None:
    """The silence that follows from a change; None where it is no deploy, or the model's alerts are never kept back."""
    model, reason = _deployed(row)
    if not model or (length := minutes(model)) <= 0:
        return None
    return Silence(
        id=hashlib.sha256(f"deploy {row.number} {row.hash}".encode()).hexdigest()[:ID_LENGTH],
        model=model,
        starts=row.time,
        ends=later(row.time, seconds=length * SECONDS),
        reason=reason,
        actor=row.actor,
        cause="deploy",
    )


def _deployed(row: AuditRow) -> tuple[str, str]:
    """The model whose answers come from another version now, and what happened; empty where it is no deploy."""
    model, _, alias = row.subject.removeprefix("models:/").partition("@")
    if row.action == "alias.moved" and alias == CHAMPION:
        return model, f"Version {row.detail.get('to')} became the champion."
    if row.action in RELEASE_ACTIONS and row.detail.get("status") != SHADOW and row.detail.get("step", -1) >= 0:
        said = row.action.removeprefix("release.").replace("_", " ")
        return str(row.detail.get("model", "")), f"The release of version {row.detail.get('challenger')} was {said}."
    return "", ""
