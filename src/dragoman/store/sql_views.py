"""Feature views in the catalog's database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, select, update

from dragoman.records import AppliedView, By, Watermark
from dragoman.store.changes import view_action, view_facts, view_subject
from dragoman.store.refusals import view_changed, view_not_found
from dragoman.store.sql_chain import Change
from dragoman.store.sql_database import SqlDatabase, encode, insert_new, put, records, replaced
from dragoman.store.sql_tables import VIEWS, WATERMARKS
from dragoman.store.view_catalog import Which

__all__ = ["SqlViews"]


class SqlViews(SqlDatabase):
    """Feature views and their watermarks."""

    def save_views(
        self, views: Sequence[AppliedView], *, expected: Mapping[str, str], by: By | None = None
    ) -> list[AppliedView]:
        in_order = sorted(views, key=lambda view: view.name)  # so that two writers never lock crosswise
        with self._changing(by) as change:
            return [view for view in in_order if _save(change, view, expected.get(view.name, ""))]

    def view(self, name: str, digest: str = "") -> AppliedView:
        chosen = VIEWS.c.digest == digest if digest else VIEWS.c.latest == 1
        rows = self._rows(select(VIEWS.c.record).where(VIEWS.c.name == name, chosen))
        for view in records(rows, AppliedView):
            if digest or not view.retired:
                return view
        raise view_not_found(name, digest, [one.name for one in self.views()])

    def views(self, which: Which = "applied") -> list[AppliedView]:
        statement = select(VIEWS.c.record)
        chosen = statement if which == "all" else statement.where(VIEWS.c.latest == 1)
        found = records(self._rows(chosen), AppliedView)
        kept = [view for view in found if which != "applied" or not view.retired]
        return sorted(kept, key=lambda view: (view.name, view.applied, view.digest))

    def save_watermark(self, watermark: Watermark) -> None:
        row = {"view": watermark.view, "digest": watermark.digest, "record": encode(watermark)}
        with self._writing() as connection:
            put(connection, WATERMARKS, row)

    def watermarks(self, *, view: str | None = None) -> list[Watermark]:
        statement = select(WATERMARKS.c.record)
        if view is not None:
            statement = statement.where(WATERMARKS.c.view == view)
        return sorted(records(self._rows(statement), Watermark), key=lambda one: (one.view, one.digest))

    def forget_watermark(self, view: str, digest: str) -> None:
        with self._writing() as connection:
            connection.execute(delete(WATERMARKS).where(WATERMARKS.c.view == view, WATERMARKS.c.digest == digest))


def _save(change: Change, view: AppliedView, expected: str) -> bool:
    """Whether there was something to change."""
    connection = change.connection
    known = _latest(connection, view.name)
    found = known.digest if known is not None and not known.retired else ""
    if found != expected:
        raise view_changed(view.name, found=found, expected=expected)
    if known == view:
        return False
    if known is not None:
        mine = (VIEWS.c.name == known.name, VIEWS.c.digest == known.digest)
        connection.execute(update(VIEWS).where(*mine).values(latest=0))
    if not _written(connection, view):
        raise view_changed(view.name, found=None, expected=expected)
    change.record(view_action(view), view_subject(view.name), view_facts(view))
    return True


def _latest(connection: Connection, name: str) -> AppliedView | None:
    """The definition that was applied last, with its row locked."""
    found = select(VIEWS.c.record).where(VIEWS.c.name == name, VIEWS.c.latest == 1).with_for_update()
    return next(records(connection.execute(found), AppliedView), None)


def _written(connection: Connection, view: AppliedView) -> bool:
    """False where somebody else has just put another definition of the same view there."""
    row: dict[str, Any] = {"name": view.name, "digest": view.digest, "latest": 1, "record": encode(view)}
    mine = (VIEWS.c.name == view.name, VIEWS.c.digest == view.digest)
    return replaced(connection, VIEWS, row, *mine) or insert_new(connection, VIEWS, row)
