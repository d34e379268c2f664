"""Versions of models and the aliases that point at them, in the catalog's database.

Whoever adds or retires a version, moves an alias or starts a release holds the row of the model until the end: on
PostgreSQL, where two could write at once, these changes of one model come one after the other.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Select, delete, insert, select, update

from dragoman.records import By, Version
from dragoman.store.audit import now
from dragoman.store.changes import alias_subject, version_facts, version_subject
from dragoman.store.refusals import (
    alias_elsewhere,
    alias_on_retired,
    version_in_use,
    version_not_found,
)
from dragoman.store.sql_chain import Change
from dragoman.store.sql_database import SqlDatabase, insert_new, put
from dragoman.store.sql_tables import ALIASES, MODELS, RELEASES, VERSIONS

__all__ = ["SqlVersions", "lock_model", "retired_numbers"]


class SqlVersions(SqlDatabase):
    """Versions of models, and aliases."""

    def add_version(
        self, *, model: str, bundle: str, run: str, owner: str, created: str, by: By | None = None
    ) -> Version:
        with self._changing(by) as change:
            insert_new(change.connection, MODELS, {"name": model})
            lock_model(change.connection, model)
            versions = _versions(change.connection, model)
            for version in versions:
                if version.bundle == bundle:
                    return version
            row = {"model": model, "number": len(versions) + 1, "bundle": bundle, "run": run}
            row |= {"owner": owner, "created": created, "retired": ""}
            change.connection.execute(insert(VERSIONS).values(row))
            version = msgspec.convert(row, Version)
            change.record("version.registered", version_subject(model, version.number), version_facts(version))
            return version

    def version(self, model: str, number: int) -> Version:
        return _chosen(self.versions(model), model, number)

    def versions(self, model: str) -> list[Version]:
        return _as_versions(self._rows(_versions_of(model)))

    def models(self) -> list[str]:
        return sorted(row.name for row in self._rows(select(MODELS.c.name)))

    def retire_version(self, model: str, number: int, *, by: By | None = None) -> Version:
        with self._changing(by) as change:
            lock_model(change.connection, model)
            version = _chosen(_versions(change.connection, model), model, number)
            if version.retired:
                return version
            releases = _releases_with(change.connection, model, number)
            if version.aliases or releases:
                raise version_in_use(model, number, aliases=version.aliases, releases=releases)
            return _retired(change, version, now(), "version.retired")

    def restore_version(self, model: str, number: int, *, by: By | None = None) -> Version:
        with self._changing(by) as change:
            lock_model(change.connection, model)
            version = _chosen(_versions(change.connection, model), model, number)
            if not version.retired:
                return version
            return _retired(change, version, "", "version.restored")

    def alias(self, model: str, alias: str) -> int | None:
        return next((row.number for row in self._rows(_alias(model, alias))), None)

    def move_alias(
        self, model: str, alias: str, number: int | None, *, expected: int | None, by: By | None = None
    ) -> None:
        with self._changing(by) as change:
            lock_model(change.connection, model)
            if number is not None:
                version = _chosen(_versions(change.connection, model), model, number)
            found = change.connection.execute(_alias(model, alias)).scalar()
            if found != expected:
                raise alias_elsewhere(model, alias, found=found, expected=expected)
            if number == found:
                return
            if number is None:
                mine = (ALIASES.c.model == model) & (ALIASES.c.alias == alias)
                change.connection.execute(delete(ALIASES).where(mine))
                change.record("alias.removed", alias_subject(model, alias), {"from": found})
                return
            if version.retired:
                raise alias_on_retired(model, alias, number)
            put(change.connection, ALIASES, {"model": model, "alias": alias, "number": number})
            change.record("alias.moved", alias_subject(model, alias), {"from": found, "to": number})


# Statements ---------------------------------------------------------------------------------------------------------


def lock_model(connection: Connection, model: str) -> None:
    """Let one transaction at a time change what belongs to a model."""
    connection.execute(select(MODELS).where(MODELS.c.name == model).with_for_update())


def retired_numbers(connection: Connection, model: str) -> set[int]:
    """The numbers of the model's retired versions."""
    return {version.number for version in _versions(connection, model) if version.retired}


def _versions_of(model: str) -> Select[Any]:
    """One row per version and alias; a version without one has the alias None."""
    same = (ALIASES.c.model == VERSIONS.c.model) & (ALIASES.c.number == VERSIONS.c.number)
    joined = select(VERSIONS, ALIASES.c.alias).outerjoin(ALIASES, same)
    return joined.where(VERSIONS.c.model == model).order_by(VERSIONS.c.number)


def _versions(connection: Connection, model: str) -> list[Version]:
    return _as_versions(connection.execute(_versions_of(model)).all())


def _alias(model: str, alias: str) -> Select[Any]:
    return select(ALIASES.c.number).where(ALIASES.c.model == model, ALIASES.c.alias == alias)


def _releases_with(connection: Connection, model: str, number: int) -> list[str]:
    """Ids of the active releases that a version takes part in."""
    here = RELEASES.c
    mine = (here.champion == number) | (here.challenger == number)
    rows = connection.execute(select(here.id).where(here.model == model, here.active == 1, mine))
    return sorted(rows.scalars())


def _retired(change: Change, version: Version, time: str, action: str) -> Version:
    """Set when the version was retired; an empty time takes it back."""
    mine = (VERSIONS.c.model == version.model) & (VERSIONS.c.number == version.number)
    change.connection.execute(update(VERSIONS).where(mine).values(retired=time))
    change.record(action, version_subject(version.model, version.number), {"retired": time})
    return msgspec.structs.replace(version, retired=time)


# Rows ---------------------------------------------------------------------------------------------------------------


def _chosen(versions: list[Version], model: str, number: int) -> Version:
    for version in versions:
        if version.number == number:
            return version
    raise version_not_found(model, number, [version.number for version in versions])


def _as_versions(rows: Iterable[Row[Any]]) -> list[Version]:
    versions: dict[int, Version] = {}
    for row in rows:
        fields = row._asdict()
        alias = fields.pop("alias")
        known = versions[row.number].aliases if row.number in versions else []
        versions[row.number] = Version(**fields, aliases=sorted([*known, *([alias] if alias else [])]))
    return list(versions.values())
