"""Hourly pollutants of 12 stations in two years: the join beside windows cut from a grid of stations and hours."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray
from pyarrow import csv

from dragoman.features import Entity, Events, View, col, count
from dragoman.features.offline import WorkspaceSources, join_as_of
from dragoman.store.tables import DeltaTables

FOLDER = Path(os.environ.get("DRAGOMAN_DATA", "data")) / "tabular-beijing-air"
LATE = 3  # hours until a value of the second view is known
AHEAD = 24  # hours from a row to its label
Grid = NDArray[np.float64]  # [stations, hours], NaN where there is no value

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="DRAGOMAN_DATA has no tabular-beijing-air")


def table() -> pa.Table:
    rows = pa.concat_tables(
        [csv.read_csv(FOLDER / f"{part}.csv.gz") for part in ("train", "test")], promote_options="permissive"
    )
    hours = rows["event_timestamp"].cast(pa.timestamp("us"))
    late = pa.array(hours.to_numpy() + np.timedelta64(LATE, "h"))
    return rows.set_column(0, "event_timestamp", hours).append_column("known", late)


def view_of(name: str, available: str | None) -> View:
    features = {
        "rows_24h": count().over("24h"),
        "mean_24h": col("pm25").mean().over("24h"),
        "mean_7d": col("pm25").mean().over("7d"),
        "std_7d": col("pm25").std().over("7d"),
        "max_24h": col("pm25").max().over("24h"),
        "min_7d": col("no2").min().over("7d"),
        "rain_7d": col("rain").sum().over("7d"),
        "last": col("pm25").last().over("24h"),
        "winds_24h": col("wd").distinct().over("24h"),
    }
    source = Events("air", time="event_timestamp", available=available)
    return View(name, entity=Entity("station", keys=["station"]), source=source, features=features, owner="me")


class Air:
    """The rows of the data as grids of stations and hours."""

    def __init__(self, table: pa.Table) -> None:
        moments = table["event_timestamp"].to_numpy()
        self.table = table
        self.station = np.unique(table["station"].to_numpy(), return_inverse=True)[1]
        self.hour = (moments - moments.min()) // np.timedelta64(1, "h")
        self.winds = table["wd"].combine_chunks().dictionary_encode().indices.to_numpy(zero_copy_only=False)

    def grid(self, values: Grid) -> Grid:
        grid = np.full((12, self.hour.max() + 1 + AHEAD), np.nan)
        grid[self.station, self.hour] = values
        return grid

    def labelled(self) -> NDArray[np.int64]:
        """The rows that have a label: the value a day later."""
        pm25 = self.grid(self.table["pm25"].to_numpy())
        return np.flatnonzero(~np.isnan(pm25[self.station, self.hour + AHEAD]))

    def windows(self, column: str, hours: int, late: int) -> list[Grid]:
        """[hours, window] of each station: the values of the last hours, without those that are not known yet."""
        values = self.winds if column == "wd" else self.table[column].to_numpy() if column else np.ones(len(self.hour))
        gap = np.full((12, hours), np.nan)
        padded = np.concatenate([gap, self.grid(values)], axis=1)
        return [np.lib.stride_tricks.sliding_window_view(one, hours)[1:, : hours - late] for one in padded]

    def expected(self, late: int) -> dict[str, NDArray[np.float64]]:
        """Each feature at each row."""
        computed = {
            "rows_24h": [known(one).sum(axis=1) for one in self.windows("", 24, late)],
            "mean_24h": [np.nanmean(one, axis=1) for one in self.windows("pm25", 24, late)],
            "mean_7d": [np.nanmean(one, axis=1) for one in self.windows("pm25", 168, late)],
            "std_7d": [np.nanstd(one, axis=1) for one in self.windows("pm25", 168, late)],
            "max_24h": [np.nanmax(one, axis=1) for one in self.windows("pm25", 24, late)],
            "min_7d": [np.nanmin(one, axis=1) for one in self.windows("no2", 168, late)],
            "rain_7d": [nansum(one) for one in self.windows("rain", 168, late)],
            "last": [last(one) for one in self.windows("pm25", 24, late)],
            "winds_24h": [distinct(one) for one in self.windows("wd", 24, late)],
        }
        return {name: np.array(grid, dtype=np.float64)[self.station, self.hour] for name, grid in computed.items()}


def known(window: Grid) -> NDArray[np.bool_]:
    return ~np.isnan(window)


def nansum(window: Grid) -> NDArray[np.float64]:
    return np.where(known(window).any(axis=1), np.nansum(window, axis=1), np.nan)


def last(window: Grid) -> NDArray[np.float64]:
    place = window.shape[1] - 1 - np.argmax(known(window)[:, ::-1], axis=1)
    return window[np.arange(len(window)), place]


def distinct(window: Grid) -> NDArray[np.int64]:
    ordered = np.sort(window, axis=1)  # no value comes last
    fresh = known(ordered[:, 1:]) & (np.diff(ordered, axis=1) != 0)
    return known(ordered[:, 0]).astype(np.int64) + fresh.sum(axis=1)


@pytest.mark.filterwarnings("ignore:Mean of empty slice|All-NaN slice|Degrees of freedom:RuntimeWarning")
def test_windows_over_all_stations_are_those_of_a_grid(tmp_path: Path) -> None:
    air = Air(table())
    rows = air.labelled()
    DeltaTables(tmp_path).overwrite("air", air.table)
    sources = WorkspaceSources(DeltaTables(tmp_path), tmp_path)
    asked = air.table.select(["station", "event_timestamp"]).take(pa.array(rows))
    joined = join_as_of(asked, [view_of("now", None), view_of("late", "known")], sources, time="event_timestamp")
    assert joined.num_rows > 180_000
    for view, late in (("now", 0), ("late", LATE)):
        for name, values in air.expected(late).items():
            found = joined[f"{view}.{name}"].to_numpy(zero_copy_only=False).astype(np.float64)
            tolerance = 1e-9 if name in ("mean_24h", "mean_7d", "rain_7d", "std_7d") else 0.0
            np.testing.assert_allclose(found, values[rows], rtol=tolerance, atol=tolerance, err_msg=f"{view}.{name}")
