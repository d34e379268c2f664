"""Histories as columns: one row for each step that is told."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.models.forecasting.calendar import calendar_of
from dragoman.models.forecasting.shape import SEASONS, Shape

__all__ = ["Window", "read_windows"]

LEAST_LEVEL = 1e-9

Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]


class Window(NamedTuple):
    """What is known where forecasts begin.

    Values are told as multiples of the level, the mean size of the last season: one model serves series of any
    size, and follows their growth.
    """

    columns: Doubles  # [origins, horizon, columns] in the order of `Shape.columns`; NaN is missing
    level: Doubles  # [origins]
    times: Ints  # [origins, horizon] microseconds: what is told for when


def read_windows(history: Doubles, times: Ints, shape: Shape) -> Window:
    """The columns of forecasts that begin after the last value of each history.

    `history` is `[origins, values]`, the newest value last, NaN for one that is missing; of fewer than `shape.history`
    values the older ones count as missing. `times` `[origins]` are those of the newest values.
    """
    past = _fitted(history.astype(np.float64), shape.history)
    steps = np.arange(1, shape.horizon + 1)
    told = times[:, None] + steps * shape.step
    level = _level(past, shape.season)
    scaled = past / level[:, None]
    lags = np.stack([scaled[:, -1 - lag] for lag in shape.lags], axis=-1)
    seasons = _seasons(scaled, steps, shape)
    before = _mean(np.abs(scaled[:, -2 * shape.season : -shape.season]))
    ends = np.stack(
        [np.log(level), 1 / np.where(before > 0, before, np.nan), _deviation(scaled, shape.season)], axis=-1
    )
    constant = np.concatenate([ends, lags], axis=-1)
    columns = np.concatenate(
        [
            np.broadcast_to(steps[None, :, None], (*told.shape, 1)),
            np.broadcast_to(constant[:, None, :], (*told.shape, constant.shape[-1])),
            seasons,
            _mean(seasons)[..., None],
            calendar_of(told),
        ],
        axis=-1,
    )
    return Window(columns, level, told)


def _fitted(history: Doubles, size: int) -> Doubles:
    """The newest `size` values; missing ones before the first."""
    kept = history[:, -size:]
    return np.pad(kept, ((0, 0), (size - kept.shape[1], 0)), constant_values=np.nan)


def _level(past: Doubles, season: int) -> Doubles:
    """The mean size of the last season; of all values that are known, where that has none; 1 without any."""
    sizes = np.abs(past)
    recent, ever = _mean(sizes[:, -season:]), _mean(sizes)
    found = np.where(np.isnan(recent) | (recent < LEAST_LEVEL), ever, recent)
    return np.where(np.isnan(found) | (found < LEAST_LEVEL), 1.0, found)


def _seasons(scaled: Doubles, steps: Ints, shape: Shape) -> Doubles:
    """The values whole seasons before each told time, the newest first: `[origins, horizon, SEASONS]`."""
    first = -(-steps // shape.season) * shape.season - steps  # values before the last one
    back = first[:, None] + shape.season * np.arange(SEASONS)
    return scaled[:, scaled.shape[1] - 1 - back]


def _deviation(scaled: Doubles, season: int) -> Doubles:
    recent = scaled[:, -season:]
    return np.sqrt(_mean((recent - _mean(recent)[:, None]) ** 2))


def _mean(values: Doubles) -> Doubles:
    """Over the last axis, of what is not missing; NaN of nothing."""
    known = ~np.isnan(values)
    counts = known.sum(axis=-1)
    return np.where(counts, np.where(known, values, 0.0).sum(axis=-1) / np.maximum(counts, 1), np.nan)
