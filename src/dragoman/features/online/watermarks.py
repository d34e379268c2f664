"""How far online rows have come, and how old that is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from dragoman.features.online.asking import this_moment
from dragoman.features.online.marks import MARKS, Latest, Mark, decoded, latest_of, mark_of, newest_of
from dragoman.features.times import SECOND, text_of
from dragoman.records import AppliedView, Watermark
from dragoman.store.online import OnlineStore

__all__ = ["Freshness", "forget", "freshness", "watermark"]


class Freshness(NamedTuple):
    """How old the online rows of a view are, in seconds; None where they were never made, or know no event.

    `available_seconds` is since the newest available time that they know, `written_seconds` since they were made from
    the source, or an event was pushed.
    """

    view: str
    digest: str
    available_seconds: float | None
    written_seconds: float | None
    dataset_number: int | None  # the version of the source that they know; None for none
    rows: int  # entities, when they were made from the source


def watermark(view: AppliedView, store: OnlineStore) -> Watermark | None:
    """How far the online rows of a view have come; None if there are none, or not whole yet."""
    mark, latest = _read(view, store)
    if mark is None or not mark.generation:
        return None
    newest = newest_of(mark, latest)
    return Watermark(
        view=view.name,
        digest=view.digest,
        dataset_number=mark.number or 0,
        available="" if newest is None else text_of(newest),
        written=text_of(_written(mark, latest)),
        rows=mark.rows,
    )


def freshness(view: AppliedView, store: OnlineStore, *, now: int | None = None) -> Freshness:
    """How old the online rows of a view are. `now` is in microseconds since 1970; this moment by default."""
    mark, latest = _read(view, store)
    if mark is None or not mark.generation:
        return Freshness(view.name, view.digest, None, None, None, 0)
    moment, newest = this_moment() if now is None else now, newest_of(mark, latest)
    return Freshness(
        view.name,
        view.digest,
        None if newest is None else (moment - newest) / SECOND,
        (moment - _written(mark, latest)) / SECOND,
        mark.number,
        mark.rows,
    )


def forget(store: OnlineStore, keep: Iterable[AppliedView]) -> list[str]:
    """Remove the rows of all definitions but these; returns the names of what was removed, VIEW@DIGEST."""
    wanted = {mark_of(view)[1] for view in keep}
    spaces = [one.name for one in store.namespaces() if one.name != MARKS]
    marked = [key for keys in store.keys(MARKS) for key in keys]
    gone = {name.partition("/")[0] for name in [*spaces, *marked]} - wanted
    unmarked = [(MARKS, key) for key in marked if key.partition("/")[0] in gone]
    if unmarked:
        store.update(unmarked, lambda found: [None] * len(found))
    for name in spaces:
        if name.partition("/")[0] in gone:
            store.drop(name)
    return sorted(gone)


def _read(view: AppliedView, store: OnlineStore) -> tuple[Mark | None, Latest | None]:
    mark, latest = store.read([mark_of(view), latest_of(view)])
    return decoded(mark, Mark), decoded(latest, Latest)


def _written(mark: Mark, latest: Latest | None) -> int:
    return max(mark.written, latest.written if latest else mark.written)
