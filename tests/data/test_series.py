from __future__ import annotations

import pyarrow as pa
import pytest

from dragoman.data.series import read_series
from dragoman.errors import InvalidData

HOUR = 3_600_000_000


def table(**columns) -> pa.Table:
    return pa.table(columns)


def read(rows: pa.Table, **changes):
    return read_series(rows, **{"time": "time", "step": HOUR, "series": []} | changes)


def test_rows_in_any_order_lie_on_the_grid_of_their_series():
    times = ["2026-01-01T03:00:00", "2026-01-01T01:00:00", "2026-01-01T00:00:00"]
    (one,) = read(table(time=times))
    assert (one.name, one.rows.tolist()) == ("all", [2, 1, -1, 0])
    assert (one.times(HOUR) - one.start).tolist() == [0, HOUR, 2 * HOUR, 3 * HOUR]


def test_each_series_has_a_grid_of_its_own():
    rows = table(
        time=["2026-01-01", "2026-01-01T00:30:00", "2026-01-01T01:00:00"], shop=["a", "b", "a"], good=[1, 1, 1]
    )
    assert [(one.name, one.rows.tolist()) for one in read(rows, series=["shop", "good"])] == [
        ("a, 1", [0, 2]),
        ("b, 1", [1]),
    ]


@pytest.mark.parametrize(
    ("rows", "changes", "message"),
    [
        (table(time=["2026-01-01"] * 2), {}, "The series 'all' has two values at 2026-01-01T00:00:00+00:00."),
        (
            table(time=["2026-01-01T00:00:00", "2026-01-01T01:30:00"]),
            {},
            "The series 'all' has a value at 2026-01-01T01:30:00+00:00, between two steps.",
        ),
        (table(time=["2026-01-01", None]), {}, "1 rows have no 'time'."),
        (table(time=["soon"]), {}, "The column 'time' (string) is not one of times."),
        (table(day=["2026-01-01"]), {}, "There is no column 'time'."),
        (table(time=["2026-01-01"]), {"series": ["shop"]}, "There is no column 'shop'."),
        (table(time=["2026-01-01"], shop=[None]), {"series": ["shop"]}, "1 rows have no 'shop', which names their"),
        (table(time=["1900-01-01", "2026-01-01"]), {"step": 1_000_000}, "The series have 3,976,214,401 steps in all"),
    ],
)
def test_what_is_no_series_is_refused(rows, changes, message):
    with pytest.raises(InvalidData) as refusal:
        read(rows, **changes)
    assert refusal.value.message.startswith(message)
    assert refusal.value.help
