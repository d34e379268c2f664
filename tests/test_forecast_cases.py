"""Forecasts of the test split as cases."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from dragoman.app.forecast_cases import MOST_CASES, forecast_cases
from dragoman.errors import InvalidData
from dragoman.release.cases import Case
from dragoman.spec import ModelSpec, convert_spec

HOUR = 3_600_000_000
START = 1_700_006_400_000_000


def spec_of() -> ModelSpec:
    return convert_spec(
        {
            "name": "demand",
            "owner": "o",
            "task": "forecasting",
            "data": {"files": ["f"], "target": "sold", "time": "at"},
            "features": {"columns": ["holiday", "price"]},
            "forecast": {"step": "1h", "horizon": 3, "season": 4, "series": ["shop"], "known": ["holiday"]},
        }
    )


def cases(steps: int, *, gaps: tuple[int, ...] = (), shops: int = 2) -> list[Case]:
    """A shop sells its step of the time, and a thousand more than the shop before it."""
    rows: list[dict[str, Any]] = [
        {
            "at": START + HOUR * step,
            "shop": f"s{shop}",
            "sold": None if step in gaps else 1_000.0 * shop + step,
            "holiday": step % 2,
            "price": float(step),
            "split": "train" if step < steps // 2 else "dev" if step < steps // 2 + 10 else "test",
        }
        for shop in range(shops)
        for step in range(steps)
    ]
    table = pa.Table.from_pylist(rows)
    moments = table.column("at").cast(pa.timestamp("us"))
    return forecast_cases(spec_of(), table.set_column(0, "at", moments))


def test_a_case_has_what_was_known_then_and_what_came() -> None:
    first = cases(60)[0]

    assert first.truth == (40.0, 41.0, 42.0)  # the test split begins at step 40
    assert first.naive == (36.0, 37.0, 38.0)
    assert first.input.history[-2:] == [38.0, 39.0]
    assert first.input.time == "2023-11-16T15:00:00+00:00"
    assert (first.input.features["shop"], first.input.features["price"]) == ("s0", 39.0)
    assert first.input.known == {"holiday": [0, 1, 0]}
    assert not first.input.features.keys() & {"sold", "holiday", "at"}


def test_no_two_cases_of_a_series_tell_the_same_step() -> None:
    told = [value for case in cases(60) for value in case.truth]  # type: ignore[union-attr]

    assert sorted(told) == sorted({*told})
    assert {case.input.features["shop"] for case in cases(60)} == {"s0", "s1"}


def test_what_rests_on_a_gap_is_left_out_and_a_gap_of_the_history_is_none() -> None:
    whole, found = cases(60, shops=1), cases(60, gaps=(44,), shops=1)

    assert len(found) < len(whole)
    assert not any(44.0 in (*case.truth, *case.naive) for case in found)  # type: ignore[misc]
    assert any(None in case.input.history for case in found)


def test_of_many_cases_an_even_part_is_compared() -> None:
    found = cases(1_700, shops=4)

    assert len(found) <= MOST_CASES
    assert {case.input.features["shop"] for case in found} == {"s0", "s1", "s2", "s3"}


def test_a_test_split_that_is_too_short_is_refused() -> None:
    with pytest.raises(InvalidData, match="no time of which a whole forecast is known"):
        cases(22)
