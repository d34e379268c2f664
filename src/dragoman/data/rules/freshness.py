"""How old the newest row is."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from dragoman.data.rules.base import Outcome, OverAll
from dragoman.data.rules.ranges import EPOCH
from dragoman.data.rules.rows import Rows

__all__ = ["Freshness"]

HOUR = timedelta(hours=1)


class Freshness(OverAll):
    """The newest time is not older than `max_age_hours` before `now`. Times to come are left out."""

    def __init__(self, column: str, max_age_hours: float, now: datetime) -> None:
        self.rule, self.columns = "freshness", (column,)
        self.words = f"the newest '{column}' is at most {max_age_hours:g} hours old"
        self.column, self.max_age, self.now = column, max_age_hours * HOUR, now
        self.limit = (now - EPOCH) // timedelta(microseconds=1)
        self.newest: int | None = None
        self.later = False  # some row has a time to come

    def fold(self, rows: Rows, numbers: NDArray[np.int64]) -> None:
        column = rows.columns[self.column]
        times = column.numbers if column.valid is None else column.numbers[column.valid]
        past = times[times <= self.limit]
        self.later |= len(past) < len(times)
        if len(past):
            newest = int(past.max())
            self.newest = newest if self.newest is None else max(self.newest, newest)

    def finish(self) -> Outcome:
        if self.newest is None:
            return Outcome(None, why=f"no row has a time{' up to now' if self.later else ''}")
        time = EPOCH + timedelta(microseconds=self.newest)
        age = self.now - time
        return Outcome(age <= self.max_age, f"it is {time:%Y-%m-%dT%H:%M:%SZ}, {age / HOUR:,.1f} hours old")
