"""From a segment to the Delta table, once."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import NamedTuple

from dragoman.errors import Untrusted
from dragoman.monitoring.prediction_log.disk import Disk
from dragoman.monitoring.prediction_log.reading import Reading
from dragoman.monitoring.prediction_log.schema import PARTITIONS, table_of
from dragoman.monitoring.prediction_log.segment import name_of
from dragoman.store.tables import DeltaTables

__all__ = ["DAMAGED", "TABLE", "Moved", "Sink"]

logger = logging.getLogger(__name__)

TABLE = "predictions"
DAMAGED = ".damaged"
LOCK_SECONDS = 5.0  # another replica writes; the segment is tried again later
PROPERTIES = {"delta.dataSkippingStatsColumns": "time,model,version,language"}


class Moved(NamedTuple):
    """What a segment gave."""

    rows: int
    problems: list[str]


class Sink:
    """Moves segments. The number of the segment is committed with its rows, so a segment that is moved again after a
    crash adds nothing.
    """

    def __init__(self, tables: DeltaTables, disk: Disk) -> None:
        self.tables, self.disk = tables, disk

    def move(self, path: Path) -> Moved:
        """Commit the segment's rows and remove the file; one with damage is kept beside, as `NAME.damaged`.

        Raises what the disk and `DeltaTables.append_once` raise; then the segment is still there.
        """
        reading = Reading(path, self.disk.read(path))
        table, unreadable = table_of(reading.payloads())
        name = name_of(path)
        added = self.tables.append_once(
            TABLE,
            table,
            app=name.app,
            number=name.number,
            partition_by=PARTITIONS,
            properties=PROPERTIES,
            wait=LOCK_SECONDS,
        )
        problems = reading.problems + unreadable
        self._clear(path, problems)
        return Moved(table.num_rows if added else 0, problems)

    def _clear(self, path: Path, problems: list[str]) -> None:
        if not problems:
            self.disk.remove(path)
            return
        aside = path.with_name(path.name + DAMAGED)
        self.disk.rename(path, aside)
        logger.error(
            "%s",
            Untrusted(
                f"The prediction log {path} was changed: {'; '.join(problems)}.",
                help=f"Its good records are in the table '{TABLE}'; the file is kept as {aside.name}.",
            ),
        )
