"""Decisions to retrain, and what was measured of quality, in the catalog's database."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, func, select, update

from dragoman.records import By, LiveQuality, RetrainDecision, RetrainVerdict
from dragoman.store.changes import retraining_action, retraining_facts, retraining_subject
from dragoman.store.refusals import retraining_changed, retraining_not_found
from dragoman.store.sql_database import SqlDatabase, encode, insert_new, put, records
from dragoman.store.sql_tables import LIVE_QUALITIES, RETRAIN_DECISIONS

__all__ = ["SqlRetrainings"]


class SqlRetrainings(SqlDatabase):
    """Decisions and snapshots of quality. Only the decisions are in the audit log."""

    def save_decision(self, decision: RetrainDecision, *, by: By | None = None) -> RetrainDecision:
        saved = msgspec.structs.replace(decision, revision=decision.revision + 1)
        row = _row(saved)
        with self._changing(by) as change:
            known = _locked(change.connection, decision)
            if known is not None:
                mine = RETRAIN_DECISIONS.c.id == decision.id
                change.connection.execute(update(RETRAIN_DECISIONS).where(mine).values(row))
            elif not insert_new(change.connection, RETRAIN_DECISIONS, row):
                raise retraining_changed(decision.id, found=None, expected=0)
            change.record(retraining_action(known, saved), retraining_subject(saved.id), retraining_facts(saved))
        return saved

    def decision(self, id: str) -> RetrainDecision:
        mine = select(RETRAIN_DECISIONS.c.record).where(RETRAIN_DECISIONS.c.id == id)
        for decision in records(self._rows(mine), RetrainDecision):
            return decision
        raise retraining_not_found(id)

    def decisions(
        self, *, model: str | None = None, since: str = "", verdicts: Collection[RetrainVerdict] = ()
    ) -> list[RetrainDecision]:
        table = RETRAIN_DECISIONS
        chosen: list[Any] = [table.c.model == model] if model is not None else []
        chosen += [table.c.time >= since] if since else []
        chosen += [table.c.verdict.in_(verdicts)] if verdicts else []
        found = records(self._rows(select(table.c.record).where(*chosen)), RetrainDecision)
        return sorted(found, key=lambda one: (one.time, one.id), reverse=True)

    # Quality

    def save_quality(self, quality: LiveQuality) -> None:
        key = {"model": quality.model, "version": quality.version, "until": quality.until}
        row = key | {"record": encode(quality)}
        with self._writing() as connection:
            put(connection, LIVE_QUALITIES, row)

    def qualities(self, model: str, *, version: str = "", since: str = "") -> list[LiveQuality]:
        table = LIVE_QUALITIES
        chosen = [table.c.model == model]
        chosen += [table.c.version == version] if version else []
        chosen += [table.c.until >= since] if since else []
        found = records(self._rows(select(table.c.record).where(*chosen)), LiveQuality)
        return sorted(found, key=lambda one: (one.until, one.version))

    def forget_qualities(self, before: str) -> int:
        table, other = LIVE_QUALITIES, LIVE_QUALITIES.alias()
        same = (other.c.model == table.c.model, other.c.version == table.c.version)
        newest = select(func.max(other.c.until)).where(*same).scalar_subquery()
        with self._writing() as connection:
            old = delete(table).where(table.c.until < before, table.c.until < newest)
            return connection.execute(old).rowcount


def _locked(connection: Connection, decision: RetrainDecision) -> RetrainDecision | None:
    """The stored decision, with its row locked; None for a new one. Raises `Conflict` if it has another revision."""
    found = select(RETRAIN_DECISIONS.c.record).where(RETRAIN_DECISIONS.c.id == decision.id).with_for_update()
    known = next(records(connection.execute(found), RetrainDecision), None)
    if known is None and decision.revision:
        raise retraining_not_found(decision.id)
    if known is not None and known.revision != decision.revision:
        raise retraining_changed(decision.id, found=known.revision, expected=decision.revision)
    return known


def _row(decision: RetrainDecision) -> dict[str, Any]:
    plain = {name: getattr(decision, name) for name in ("id", "model", "time", "verdict", "revision")}
    return plain | {"record": encode(decision)}
