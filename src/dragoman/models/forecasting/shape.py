"""What a forecast reads of the past, and how far it looks ahead."""

from __future__ import annotations

from dragoman.models.forecasting.calendar import CALENDAR
from dragoman.records import Record
from dragoman.spec import ForecastSpec
from dragoman.spec.durations import microseconds_of

__all__ = ["SEASONS", "Shape", "shape_of"]

SEASONS = 4  # seasons before a told time that are read
LAST = 4  # values before it that are read, unless the spec names others


class Shape(Record, frozen=True, kw_only=True):
    """The steps of a forecast, and the columns made of the history."""

    step: int  # microseconds
    horizon: int
    season: int
    lags: list[int]

    @property
    def history(self) -> int:
        """Values of the past that are read: those before them change nothing."""
        return max(max(self.lags) + 1, SEASONS * self.season)

    @property
    def columns(self) -> list[str]:
        """The names of what `read_windows` gives, in order."""
        return [
            "step",
            "level",
            "trend",
            "spread",
            *(f"lag.{lag}" for lag in self.lags),
            *(f"season.{back}" for back in range(1, SEASONS + 1)),
            "season.mean",
            *CALENDAR,
        ]


def shape_of(spec: ForecastSpec) -> Shape:
    """The shape that a spec asks for."""
    step = microseconds_of(spec.step)
    assert step is not None  # the spec has a pattern for it
    lags = sorted(set(spec.lags)) or [lag for lag in range(LAST) if lag < spec.season]
    return Shape(step=step, horizon=spec.horizon, season=spec.season, lags=lags)
