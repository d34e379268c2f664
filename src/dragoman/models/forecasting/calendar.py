"""What the calendar says of a time: the same for training and for requests. All in UTC."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["CALENDAR", "calendar_of"]

CALENDAR = ("hour", "weekday", "day", "month", "yearday")
MICROSECONDS_AN_HOUR = 3_600_000_000
FIRST_WEEKDAY = 3  # 1970-01-01 was a Thursday; Monday is 0

Ints = NDArray[np.int64]


def calendar_of(times: Ints) -> NDArray[np.float64]:
    """Hour (with its fraction), weekday (Monday is 0), day of the month, month, day of the year: `[times, 5]`.

    `times` are microseconds since 1970.
    """
    days = times // (24 * MICROSECONDS_AN_HOUR)
    hours = (times - days * 24 * MICROSECONDS_AN_HOUR) / MICROSECONDS_AN_HOUR
    dates = days.astype("datetime64[D]")
    months, years = dates.astype("datetime64[M]"), dates.astype("datetime64[Y]")
    day = (dates - months.astype("datetime64[D]")).astype(np.int64) + 1
    yearday = (dates - years.astype("datetime64[D]")).astype(np.int64) + 1
    month = (months - years.astype("datetime64[M]")).astype(np.int64) + 1
    return np.stack([hours, (days + FIRST_WEEKDAY) % 7, day, month, yearday], axis=-1).astype(np.float64)
