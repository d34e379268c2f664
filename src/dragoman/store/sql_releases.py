"""Releases in the catalog's database."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, Select, select, update
from sqlalchemy.exc import IntegrityError

from dragoman.errors import Conflict
from dragoman.records import By, Release
from dragoman.store.changes import release_detail, release_facts, release_subject
from dragoman.store.refusals import (
    release_changed,
    release_exists,
    release_is_active,
    release_not_found,
    release_of_retired,
    release_unsaid,
)
from dragoman.store.sql_database import SqlDatabase, encode, insert_new, records
from dragoman.store.sql_tables import RELEASES
from dragoman.store.sql_versions import lock_model, retired_numbers

__all__ = ["SqlReleases"]


class SqlReleases(SqlDatabase):
    """Releases."""

    def save_release(self, release: Release, *, expected: int | None, action: str, by: By | None = None) -> Release:
        saved = msgspec.structs.replace(release, revision=(expected or 0) + 1)
        with self._changing(by) as change:
            if expected is None:
                _add(change.connection, saved, action)
            else:
                _replace(change.connection, saved, expected, action)
            if action:
                change.record(action, release_subject(saved.id), release_detail(saved))
        return saved

    def release(self, id: str) -> Release:
        for release in records(self._rows(_releases_where(RELEASES.c.id == id)), Release):
            return release
        raise release_not_found(id)

    def releases(self, *, model: str | None = None, active: bool | None = None) -> list[Release]:
        conditions = [] if model is None else [RELEASES.c.model == model]
        conditions += [] if active is None else [RELEASES.c.active == int(active)]
        rows = self._rows(_releases_where(*conditions))
        return sorted(records(rows, Release), key=lambda release: (release.started, release.id), reverse=True)


def _add(connection: Connection, release: Release, action: str) -> None:
    if not action:
        raise release_unsaid(release.id)
    lock_model(connection, release.model)
    for number in retired_numbers(connection, release.model) & {release.champion, release.challenger}:
        raise release_of_retired(release.model, number)
    if not insert_new(connection, RELEASES, _row(release)):
        if _found(connection, release.id) is not None:
            raise release_exists(release.id)
        raise _active_elsewhere(connection, release)


def _replace(connection: Connection, release: Release, expected: int, action: str) -> None:
    old = _found(connection, release.id)
    if old is None:
        raise release_not_found(release.id)
    if old.revision != expected:
        raise release_changed(release.id, found=old.revision, expected=expected)
    if not action and release_facts(old) != release_facts(release):
        raise release_unsaid(release.id)
    try:
        with connection.begin_nested():
            connection.execute(update(RELEASES).where(RELEASES.c.id == release.id).values(_row(release)))
    except IntegrityError:
        raise _active_elsewhere(connection, release) from None


def _found(connection: Connection, id: str) -> Release | None:
    """The release with its row locked, so that nobody replaces it meanwhile."""
    return next(records(connection.execute(_releases_where(RELEASES.c.id == id).with_for_update()), Release), None)


def _active_elsewhere(connection: Connection, release: Release) -> Conflict:
    here = _releases_where(RELEASES.c.model == release.model, RELEASES.c.active == 1)
    other = next(records(connection.execute(here), Release), None)
    return release_is_active(release.model, "" if other is None else other.id)


def _releases_where(*conditions: Any) -> Select[Any]:
    return select(RELEASES.c.record).where(*conditions)


def _row(release: Release) -> dict[str, Any]:
    plain = {"id": release.id, "model": release.model, "champion": release.champion, "challenger": release.challenger}
    return plain | {"active": int(release.is_active), "revision": release.revision, "record": encode(release)}
