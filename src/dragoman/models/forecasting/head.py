"""What a bundle says of its forecasts beside columns and trees."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from dragoman.errors import InvalidCheckpoint
from dragoman.models.forecasting.shape import Shape
from dragoman.records import Record

__all__ = ["FORECAST_FILE", "Head", "read_head"]

FORECAST_FILE = "forecast.json"  # in a bundle


class Head(Record, frozen=True, kw_only=True):
    """How what trees tell becomes a forecast: multiples of the level, within what the target can be."""

    shape: Shape
    series: list[str]  # columns that name a series
    known: list[str]  # columns that are known ahead
    floor: float | None = None  # 0 where training has no value below it

    def told(self, numbers: NDArray[np.float64], level: float | NDArray[np.float64]) -> NDArray[np.float64]:
        """`[rows, 3]` value, low and high as multiples of the level → in the unit of the target."""
        found = numbers * level
        return found if self.floor is None else np.maximum(found, self.floor)


def read_head(folder: Path) -> Head:
    """The head of a bundle, once its files are verified. Raises `InvalidCheckpoint`."""
    try:
        return msgspec.json.decode((folder / FORECAST_FILE).read_bytes(), type=Head)
    except (OSError, ValueError) as error:
        raise InvalidCheckpoint(f"{folder} tells no forecast: {error}.", help="Train the model again.") from None
