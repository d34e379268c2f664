"""Labels as they come: those that were kept since the last look, whoever kept them, in bounded parts."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from dragoman.errors import NotFound, Untrusted
from dragoman.feedback.labels import LABEL_TABLE
from dragoman.records import Record
from dragoman.store.commits import has_commit
from dragoman.store.tables import DeltaTables

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

__all__ = ["CHOSEN", "Arrival", "Arrivals", "Batch", "first_told"]

logger = logging.getLogger(__name__)

MOST, MOST_COMMITS = 20_000, 500  # labels and commits of one look
COLUMNS = ("prediction_id", "model", "label", "source")
# Source of the labels of tasks that were chosen because they are hard: they say nothing of the others.
CHOSEN = "review"


class Arrival(Record, frozen=True, kw_only=True):
    """A label that came, before anybody knows of which answer it is."""

    prediction_id: str
    model: str
    label: str
    source: str = ""
    tries: int = 0  # looks at the log that did not find its prediction

    @property
    def counts(self) -> bool:
        """Whether it tells the truth of an answer that was not chosen for being doubtful."""
        return bool(self.label) and self.source != CHOSEN


class Batch(NamedTuple):
    """Labels in the order in which they were kept, and where the next look begins."""

    labels: list[Arrival]
    version: int
    row: int


class Arrivals:
    """Reads the table `labels` from a place on: all of a version, and so many rows of the next one."""

    def __init__(self, tables: DeltaTables, *, most: int = MOST) -> None:
        self.tables, self.most = tables, most

    def newest(self) -> int:
        """The version of the table; -1 before the first label."""
        found = self.tables.latest(LABEL_TABLE)
        return -1 if found is None else found

    def is_more(self, version: int) -> bool:
        """Whether something was committed after a version; also where the table is not the one that had it."""
        folder = self.tables.root / LABEL_TABLE
        return has_commit(folder, version + 1) or (version >= 0 and not has_commit(folder, version))

    def read(self, version: int, row: int) -> Batch:
        """The labels after this place. Those that cannot be read any more are passed over, with a warning."""
        found: list[Arrival] = []
        if not has_commit(self.tables.root / LABEL_TABLE, version + 1):
            return Batch(found, self._newest_of_another(version), 0)
        for _ in range(MOST_COMMITS):
            if len(found) >= self.most or (rows := self._added(version + 1)) is None:
                break
            part = rows[row : row + self.most - len(found)]
            found += part
            row += len(part)
            if row >= len(rows):
                version, row = version + 1, 0
        return Batch(found, version, row)

    def told_before(self, ids: Collection[str], version: int, row: int) -> set[str]:
        """Those of these predictions that a label counted for before this place.

        Where the table as it was cannot be read any more, all of them: what was counted must not count again.
        """
        try:
            early = {one.prediction_id for one in (self._added(version + 1) or ())[:row] if one.counts}
            return {*early, *self._stored(ids, version)}
        except (NotFound, OSError, Untrusted):  # OSError: files of an old version that compaction has removed
            logger.warning("Labels are not counted: those before them, in version %s, cannot be read.", version)
            return set(ids)

    def _newest_of_another(self, version: int) -> int:
        """Where to go on when nothing follows: here, or at the end of a table that was put in the place of this one."""
        if version < 0 or has_commit(self.tables.root / LABEL_TABLE, version):
            return version
        newest = self.newest()
        logger.warning("The labels after version %s of their table cannot be counted: it is another one.", version)
        return newest

    def _added(self, version: int) -> list[Arrival] | None:
        try:
            rows = self.tables.added(LABEL_TABLE, version)
        except Untrusted as error:
            logger.warning("Labels are not counted: %s", error.message)
            return []
        return None if rows is None else list(_arrivals(rows))

    def _stored(self, ids: Collection[str], version: int) -> Iterator[str]:
        from pyarrow import dataset as ds  # heavy: serving does without it

        if version < 0 or not ids:
            return
        wanted = ds.field("prediction_id").isin(list(ids))
        rows = self.tables.dataset(LABEL_TABLE, version=version).to_table(columns=list(COLUMNS), filter=wanted)
        yield from (one.prediction_id for one in _arrivals(rows) if one.counts)


def first_told(labels: Sequence[Arrival]) -> dict[str, Arrival]:
    """The first label of each prediction that counts."""
    first: dict[str, Arrival] = {}
    for one in labels:
        if one.counts:
            first.setdefault(one.prediction_id, one)
    return first


def _arrivals(rows: pa.Table) -> Iterator[Arrival]:
    names = [name for name in COLUMNS if name in rows.column_names]
    for row in rows.select(names).to_pylist():
        told: dict[str, Any] = {name: value or "" for name, value in row.items()}
        yield Arrival(**told)
