"""Labels that were told before, so that a file that is added twice counts once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dragoman.data.sql import database
from dragoman.feedback.joining import labels_of
from dragoman.feedback.labels import table_of
from dragoman.records import Label
from dragoman.store.tables import DeltaTables

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

__all__ = ["new_labels"]

REPEATED = """
    SELECT DISTINCT place FROM given SEMI JOIN labels ON given.prediction_id = labels.prediction_id
        AND given.label = labels.label AND given.source = labels.source AND given.labeler = labels.labeler
        AND (NOT given.is_timed OR given.time = labels.time)
"""


def new_labels(tables: DeltaTables, model: str, labels: Sequence[Label], timed: Sequence[bool]) -> list[Label]:
    """Those that nobody has told yet, in their order.

    A label says again what is kept if prediction, label, source, labeler and time are the same. One whose file names no
    time (`timed` is false) says it again at any time; within the file, only right after it was said.
    """
    own = _first_said(labels, timed)
    given = _with_places([labels[place] for place in own], [timed[place] for place in own])
    with database({"given": given, "labels": labels_of(tables, model)}) as connection:
        repeated = {place for (place,) in connection.execute(REPEATED).fetchall()}
    return [labels[place] for number, place in enumerate(own) if number not in repeated]


def _first_said(labels: Sequence[Label], timed: Sequence[bool]) -> list[int]:
    """The places of a file's labels, without what it says again itself."""
    seen: set[tuple[str, ...]] = set()
    newest: dict[tuple[str, ...], str] = {}
    places = []
    for place, one in enumerate(labels):
        who = (one.prediction_id, one.source, one.labeler)
        what = (*who, one.label, one.time)
        if what in seen if timed[place] else newest.get(who) == one.label:
            continue
        seen.add(what)
        newest[who] = one.label
        places.append(place)
    return places


def _with_places(labels: Sequence[Label], timed: Sequence[bool]) -> pa.Table:
    import pyarrow as pa  # heavy: serving does without it

    table = table_of(labels).append_column("is_timed", pa.array(timed, pa.bool_()))
    return table.append_column("place", pa.array(range(len(labels)), pa.int64()))
