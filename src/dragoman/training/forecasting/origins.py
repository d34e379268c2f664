"""Forecasts of the past: what would have been read and told at each moment of the data.

A forecast belongs to a split if everything that it tells does: nothing that a later split tells is learned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.data.series import Series
from dragoman.errors import InvalidData
from dragoman.models.forecasting import Shape, Window, read_windows

__all__ = ["Borders", "Past", "Told", "borders_of", "told_in"]

SHARES = (0.7, 0.85)  # of the times: where dev begins, and where test does
MOST_ROWS = {"train": 1_500_000, "dev": 200_000, "test": 400_000}  # steps that are told
PART = 20_000  # steps at a time: what their histories take is bounded

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]


class Borders(NamedTuple):
    """When the dev split begins, and the test split; microseconds since 1970."""

    dev: int
    test: int

    def of(self, split: str) -> tuple[int, int]:
        """The first moment of a split, and the first one after it."""
        first, last = np.iinfo(np.int64).min, np.iinfo(np.int64).max
        return {"train": (first, self.dev), "dev": (self.dev, self.test), "test": (self.test, last)}[split]


class Told(NamedTuple):
    """What forecasts read and should have said, one row per step."""

    features: Floats  # [rows, columns] those of the history, then those that are given
    truth: Doubles  # [rows] in the unit of the target
    naive: Doubles  # [rows] the value one season before; NaN where that is not known
    level: Doubles  # [rows]
    steps: Ints  # [rows] 0 is the first one told
    times: Ints  # [rows] microseconds since 1970
    series: Ints  # [rows] its number
    begun: Ints  # [rows] of the table, the last known ones

    @property
    def scaled(self) -> Doubles:
        """The truth as multiples of the level."""
        return self.truth / self.level


class Past(NamedTuple):
    """What is known of the table's rows."""

    target: Doubles  # [rows] NaN where it is not known
    shape: Shape
    given: Callable[[Ints, Ints], Floats]  # rows at told times, rows at the last known ones → [rows, columns]


def borders_of(times: Ints, splits: Sequence[str] | None) -> Borders:
    """Where splits begin: as the column `split` says, or so that the newest 15% of the rows are test, 15% before dev.

    Raises `InvalidData` for splits that do not follow each other in time.
    """
    if splits is None:
        dev, test = (int(np.quantile(times, share, method="higher")) for share in SHARES)
        return Borders(dev, test)
    names = np.asarray(splits)
    spans = {}
    for name in ("train", "dev", "test"):
        own = times[names == name]
        if not len(own):
            raise InvalidData(
                f"The split '{name}' has no rows.", help="Give all three, or leave out the column 'split'."
            )
        spans[name] = int(own.min()), int(own.max())
    if not spans["train"][1] < spans["dev"][0] <= spans["dev"][1] < spans["test"][0]:
        raise InvalidData(
            "The splits overlap in time: who forecasts knows nothing of what is to come.",
            help="Let dev begin after train, and test after dev, in all series; or leave out the column 'split'.",
        )
    return Borders(spans["dev"][0], spans["test"][0])


def told_in(split: str, series: Sequence[Series], past: Past, borders: Borders) -> Told:
    """All that forecasts of a split would have told, or an even part of it where that is too much.

    Raises `InvalidData` where there is nothing to tell.
    """
    shape = past.shape
    begun = [_origins(one, borders.of(split), shape) for one in series]
    total = sum(map(len, begun)) * shape.horizon
    every = -(-total // MOST_ROWS[split])
    parts = [
        part
        for number, (one, origins) in enumerate(zip(series, begun, strict=True))
        for part in _parts(number, one, origins[:: max(every, 1)], past)
    ]
    if not parts or not sum(len(part.truth) for part in parts):
        raise InvalidData(
            f"The split '{split}' has no time in which {shape.horizon} steps could be told.",
            help="Give more rows, or lower 'forecast.horizon'.",
        )
    return Told(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _origins(one: Series, span: tuple[int, int], shape: Shape) -> Ints:
    """The places of the last known values: all that is told after them lies in the span, or after the series."""
    first, after = span
    places = np.arange(len(one.rows) - 1)
    begin = one.start + shape.step * (places + 1)  # what is told first
    end = np.minimum(begin + shape.step * (shape.horizon - 1), one.start + shape.step * (len(one.rows) - 1))
    return places[(begin >= first) & (end < after)]


def _parts(number: int, one: Series, origins: Ints, past: Past) -> Iterator[Told]:
    shape = past.shape
    values = np.where(one.rows >= 0, past.target[one.rows], np.nan)
    padded = np.concatenate([np.full(shape.history, np.nan), values])
    histories = np.lib.stride_tricks.sliding_window_view(padded, shape.history)
    size = max(1, PART // shape.horizon)
    for start in range(0, len(origins), size):
        chosen = origins[start : start + size]
        window = read_windows(histories[chosen + 1], one.start + shape.step * chosen, shape)
        told = _told(one, chosen, window, past, values)
        yield told._replace(series=np.full(len(told.truth), number))


def _told(one: Series, origins: Ints, window: Window, past: Past, values: Doubles) -> Told:
    shape = past.shape
    ahead = origins[:, None] + 1 + np.arange(shape.horizon)
    places = np.minimum(ahead, len(values) - 1)
    truth = np.where(ahead < len(values), values[places], np.nan)
    known = ~np.isnan(truth) & (one.rows[origins] >= 0)[:, None]
    season = window.columns[..., shape.columns.index("season.1")] * window.level[:, None]
    begun = np.broadcast_to(one.rows[origins][:, None], truth.shape)[known]
    return Told(
        features=np.hstack([window.columns[known].astype(np.float32), past.given(one.rows[places][known], begun)]),
        truth=truth[known],
        naive=season[known],
        level=np.broadcast_to(window.level[:, None], truth.shape)[known],
        steps=np.broadcast_to(np.arange(shape.horizon), truth.shape)[known],
        times=window.times[known],
        begun=begun,
        series=np.zeros(int(known.sum()), dtype=np.int64),
    )
