"""Forecasts: the history of a series as columns that trees can read."""

from __future__ import annotations

from dragoman.models.forecasting.calendar import CALENDAR, calendar_of
from dragoman.models.forecasting.head import FORECAST_FILE, Head, read_head
from dragoman.models.forecasting.shape import Shape, shape_of
from dragoman.models.forecasting.window import Window, read_windows

__all__ = [
    "CALENDAR",
    "FORECAST_FILE",
    "Head",
    "Shape",
    "Window",
    "calendar_of",
    "read_head",
    "read_windows",
    "shape_of",
]
