from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.errors import InvalidData, InvalidInput
from dragoman.features.times import length_of, length_text, moment_of, moments_of, text_of

YEAR_1, YEAR_1980 = (datetime(year, 1, 2) for year in (1, 1980))  # noqa: DTZ001 (bounds of hypothesis are naive)
MOMENT = 1_767_229_200_000_000  # 2026-01-01T01:00Z


@pytest.mark.parametrize(
    "value",
    [
        datetime(2026, 1, 1, 1),  # noqa: DTZ001 (a naive one is meant)
        datetime(2026, 1, 1, 1, tzinfo=UTC),
        datetime(2026, 1, 1, 3, tzinfo=timezone(timedelta(hours=2))),
        "2026-01-01T01:00",
        "2026-01-01 03:00:00+02:00",
    ],
)
def test_a_time_is_a_moment_in_utc(value: Any) -> None:
    assert moment_of(value) == MOMENT


def test_a_date_is_its_first_moment() -> None:
    assert moment_of(date(2026, 1, 1)) == moment_of("2026-01-01") == MOMENT - 3_600_000_000


@given(st.datetimes(min_value=YEAR_1980, timezones=st.timezones()))
def test_one_value_and_a_column_are_read_alike(value: datetime) -> None:
    text = value.isoformat()
    column = moments_of(pa.array([text]), "at")
    assert column.cast(pa.int64()).to_pylist() == [moment_of(text)]


@pytest.mark.parametrize("value", [5, 5.0, True, "now", ""])
def test_what_is_no_time_is_refused(value: Any) -> None:
    with pytest.raises(InvalidData, match="is no time"):
        moment_of(value)


@given(st.datetimes(min_value=YEAR_1, timezones=st.just(UTC)))
def test_a_moment_comes_back_from_its_text(value: datetime) -> None:
    moment = moment_of(value)
    assert moment is not None
    assert moment_of(text_of(moment)) == moment


@given(st.integers(1, 999_999), st.sampled_from(["s", "min", "h", "d", "w"]))
def test_a_length_comes_back_from_its_text(number: int, unit: str) -> None:
    length = length_of(f"{number}{unit}")
    assert length_of(length_text(length)) == length


@pytest.mark.parametrize("text", ["", "0d", "1", "d", "1.5h", "1 d", "-1d", "1d\n", "1000000s", "1M", None, 7])
def test_what_is_no_length_is_refused(text: Any) -> None:
    with pytest.raises(InvalidInput, match="The length of time is"):
        length_of(text)
