"""Forecasts: the next values of a series, with their intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from dragoman.errors import BodyTooLarge, DragomanError, InvalidRequest
from dragoman.models.forecasting import Head, read_windows
from dragoman.models.readouts import Readout
from dragoman.records import ForecastPrediction, ForecastValue, RowInput
from dragoman.serving.tasks.base import ROW_IDS, CommonParameters, Piece, Prepared, RowEncoder

__all__ = ["Forecasting", "StepIntervals"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOST_VALUES = 100_000  # of a history
TOLD_NUMBERS = 3  # value, low, high
DIGITS = 7  # of an answer: float32 has no more
TIME_HELP = 'give the time of the newest value: "2026-03-01T12:00:00Z".'


class StepIntervals(Protocol):
    """Makes the intervals of each step hold what they promise: `models.tabular.Intervals`."""

    def apply(self, told: NDArray[Any], *, step: int = 0) -> NDArray[np.float64]:
        """`[rows, 3]` value, low and high as the model tells them → the same as they are answered."""
        ...


class Begun(NamedTuple):
    """What `finish` needs of an input."""

    level: float
    times: list[str]


class Forecasting:
    """Three numbers for each step to values in the unit of the series.

    `encoder` reads the columns that the caller gives; those of the history come before them.
    """

    name = "forecasting"
    labels: Sequence[str] = ()
    Input, Parameters, Answer = RowInput, CommonParameters, ForecastPrediction

    def __init__(self, *, head: Head, encoder: RowEncoder, readout: Readout, intervals: StepIntervals) -> None:
        self.head, self.encoder, self.readout, self.intervals = head, encoder, readout, intervals

    def prepare(self, inputs: Sequence[RowInput], parameters: CommonParameters) -> list[Prepared]:
        """One piece per step. Raises `InvalidRequest` for a history, a time or columns that cannot be read."""
        return [self._prepared(index, one) for index, one in enumerate(inputs)]

    def finish(
        self, prepared: Prepared, outputs: Sequence[NDArray[np.float32]], parameters: CommonParameters
    ) -> dict[str, Any]:
        told = np.stack(outputs)
        if told.shape[1:] != (TOLD_NUMBERS,) or not np.isfinite(told).all():
            raise DragomanError("The model gave no usable numbers.", help="train it again.")
        begun: Begun = prepared.state
        held = [self.intervals.apply(one[None], step=step)[0] for step, one in enumerate(told)]
        numbers = self.head.told(np.stack(held), begun.level).tolist()
        return {"forecast": [_value(time, *row) for time, row in zip(begun.times, numbers, strict=True)]}

    def _prepared(self, index: int, one: RowInput) -> Prepared:
        shape = self.head.shape
        history, newest = _history(index, one), _time(index, one)
        window = read_windows(history[None, -shape.history :], np.array([_moment(newest)]), shape)
        given = self.encoder.encode(self._rows(index, one))
        rows = np.concatenate([window.columns[0], given], axis=1).astype(np.float32)
        step = timedelta(microseconds=shape.step)
        times = [_shown(newest + step * (number + 1)) for number in range(shape.horizon)]
        pieces = [Piece(ROW_IDS, None, self.readout, row) for row in rows]
        return Prepared(pieces, "", one.language, 1, False, Begun(float(window.level[0]), times), one.features)

    def _rows(self, index: int, one: RowInput) -> list[Mapping[str, Any]]:
        """What the caller gives, for each step."""
        ahead = one.known or {}
        for name, values in ahead.items():
            if name not in self.head.known:
                listed = f"known ahead are {', '.join(self.head.known)}." if self.head.known else "leave it out."
                raise InvalidRequest(
                    f"Input {index} has {name!r} in known, which the model does not read.", help=listed
                )
            if len(values) != self.head.shape.horizon:
                raise InvalidRequest(
                    f"Input {index} has {len(values)} values of {name!r} in known; {self.head.shape.horizon} are told.",
                    help="give one for each step; null for one that nobody knows.",
                )
        if twice := [name for name in self.head.known if name in one.features]:
            raise InvalidRequest(
                f"Input {index} has {twice[0]!r} in features.",
                help="it is known ahead: give it in known, step by step.",
            )
        steps = range(self.head.shape.horizon)
        return [{**one.features, **{name: values[step] for name, values in ahead.items()}} for step in steps]


def _history(index: int, one: RowInput) -> NDArray[np.float64]:
    if not one.history:
        raise InvalidRequest(
            f"Input {index} has no history.", help="give the last values in order, the newest last; null for a gap."
        )
    if len(one.history) > MOST_VALUES:
        raise BodyTooLarge(
            f"The history of input {index} has {len(one.history)} values; at most {MOST_VALUES} are accepted.",
            help="leave the oldest ones out.",
        )
    if all(value is None for value in one.history):
        raise InvalidRequest(f"The history of input {index} has nulls only.", help="give values that are known.")
    return np.array([math.nan if value is None else value for value in one.history], dtype=np.float64)


def _time(index: int, one: RowInput) -> datetime:
    if one.time is None:
        raise InvalidRequest(f"Input {index} has no time.", help=TIME_HELP)
    try:
        time = datetime.fromisoformat(one.time)
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidRequest(f"The time of input {index} is {one.time[:40]!r}.", help=TIME_HELP) from None


def _moment(time: datetime) -> int:
    return (time - EPOCH) // timedelta(microseconds=1)


def _shown(time: datetime) -> str:
    return time.isoformat().replace("+00:00", "Z")


def _value(time: str, value: float, low: float, high: float) -> ForecastValue:
    value, low, high = (float(f"{one:.{DIGITS}g}") for one in (value, low, high))
    return ForecastValue(time=time, value=value, low=low, high=high)
