from __future__ import annotations

import math
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.data.rules.oracle import WRONG, read
from tests.data.rules.tables import batch, check, column, texts

TYPES = ("string", "integer", "number", "boolean", "time")


def read_all(values, type: str, *, nan: str = "refuse") -> list:
    """What becomes of the values: each one's value, or `WRONG`."""
    extra = f'nan = "{nan}"' if type in ("integer", "number") else ""
    checked = check(
        column(f'type = "{type}"\n{extra}'), batch({"x": values, "row": list(range(len(values)))}).select(["x"])
    )
    kept = iter(checked.kept)
    return [next(kept)["x"] if good else WRONG for good in checked.good]


PIECES = st.sampled_from(
    [
        "0",
        "1",
        "7",
        "12",
        "00",
        "-0",
        "-",
        "+",
        ".",
        ",",
        "e",
        "E",
        "1e3",
        "e5",
        ".5",
        "999",
        "9223372036854775807",
        "9223372036854775808",
        "NaN",
        "inf",
        "true",
        "True",
        "FALSE",
        "a",
        "x",
        "_",
    ]
    + [" "]
)
CLOCKS = st.sampled_from(
    [
        "", "T00", " 10", "T24", "T10:20", "T10:60", "T10:20:30", " 23:59:60", "T08:59:60", "T23:59:61", "T10:20:30.5",
        "T23:59:60.25", "T10:20:30.123456789", "T10:20:30.", "t10:20", "T1:20", "T102030",
    ]
)  # fmt: skip
ZONES = st.sampled_from(["", "Z", "z", "+02:00", "-0530", "+09", "+09:00", "+24:00", "-23:59", "+1", " Z"])
DAYS = st.sampled_from(
    [
        "2024-02-29",
        "2023-02-29",
        "1900-02-29",
        "2000-02-29",
        "2026-04-31",
        "2026-12-31",
        "0000-01-01",
        "0001-01-01",
        "9999-12-31",
        "2026-13-01",
        "2026-1-01",
        "26-01-01",
        "10000-01-01",
        "1969-12-31",
    ]
)
WRITTEN = st.one_of(st.none(), st.lists(PIECES, max_size=4).map("".join), st.tuples(DAYS, CLOCKS, ZONES).map("".join))


@pytest.mark.parametrize("type", TYPES)
@given(values=st.lists(WRITTEN, max_size=12))
def test_text_is_read_as_the_oracle_reads_it(type, values):
    assert read_all(texts(values), type) == [read(value, type) for value in values]


NUMBERS = st.one_of(
    st.none(),
    st.floats(),
    st.sampled_from([2.0**53, 2.0**53 + 2, -0.0, 1e300, -(2.0**63), 3.0, 0.5]),
)


@pytest.mark.parametrize("nan", ["refuse", "null"])
@pytest.mark.parametrize("type", ["integer", "number"])
@given(values=st.lists(NUMBERS, max_size=12))
def test_floats_are_read_as_the_oracle_reads_them(type, nan, values):
    assert read_all(pa.array(values, pa.float64()), type, nan=nan) == [read(value, type, nan) for value in values]


@pytest.mark.parametrize("type", TYPES)
@given(values=st.lists(st.one_of(st.none(), st.sampled_from([0, 1, 2, -1, 2**63 - 1, 2**63, 2**64 - 1])), max_size=8))
def test_integers_are_read_as_the_oracle_reads_them(type, values):
    kind = pa.int64() if any(value is not None and value < 0 for value in values) else pa.uint64()
    values = [value if value is None or kind == pa.uint64() or value < 2**63 else 5 for value in values]
    assert read_all(pa.array(values, kind), type) == [read(value, type) for value in values]


@given(st.lists(st.one_of(st.none(), st.binary(max_size=5), st.text(max_size=4).map(str.encode)), max_size=10))
def test_bytes_that_are_no_utf_8_are_no_text(values):
    assert read_all(texts(values), "string") == [read(value, "string") for value in values]


@pytest.mark.parametrize("bad", ["\ud800", "a\udfffb", b"\xc3", b"\xff", b"\xc0\x80", b"\xf5\x80\x80\x80"])
def test_a_lone_surrogate_or_a_stray_byte_is_found_and_shown_escaped(bad):
    checked = check(column('type = "string"'), batch({"x": texts(["é", bad, "ok"])}))
    assert checked.good == [True, False, True]
    (violation,) = checked.report.violations
    assert violation.words == "'x' is text in UTF-8"
    assert violation.examples[0].value.isascii()


@pytest.mark.parametrize(
    ("values", "type", "expected"),
    [
        (pa.array([1.5, math.nan, None], pa.float32()), "number", [1.5, WRONG, None]),
        (pa.array([Decimal("2.00"), Decimal("2.50"), None], pa.decimal128(8, 2)), "integer", [2, WRONG, None]),
        (pa.array([Decimal("2.50")], pa.decimal128(8, 2)), "number", [2.5]),
        (pa.array([True, None]), "integer", [WRONG, None]),
        (pa.array([True, None]), "boolean", [True, None]),
        (pa.array([[1], None]), "string", [WRONG, None]),
        (pa.array([{"a": 1}]), "number", [WRONG]),
        (pa.array(["a", "b", None]).dictionary_encode(), "string", ["a", "b", None]),
        (pa.array(["a", None], pa.large_string()), "string", ["a", None]),
        (pa.array(["12", None], pa.string_view()), "integer", [12, None]),
        (pa.array([b"a", b"\xff"]), "string", ["a", WRONG]),
        (pa.array([None, None]), "time", [None, None]),
        (pa.array([date(2026, 1, 2)]), "time", [datetime(2026, 1, 2, tzinfo=UTC)]),
        (
            pa.array([1_700_000_000, -(10**15)], pa.timestamp("s")),
            "time",
            [datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC), WRONG],
        ),
        (pa.array([1_999], pa.timestamp("ns", "Asia/Tokyo")), "time", [datetime(1970, 1, 1, 0, 0, 0, 1, tzinfo=UTC)]),
        (pa.array([-1], pa.timestamp("ns")), "time", [datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)]),
    ],
)
def test_values_of_other_arrow_types_count_where_they_keep_their_meaning(values, type, expected):
    assert read_all(values, type) == expected


def test_what_is_kept_has_the_types_of_the_contract():
    checked = check(column('type = "time"') + column('type = "integer"', "n"), batch({"n": ["7"], "x": ["2026-01-01"]}))
    assert checked.kept == [{"x": datetime(2026, 1, 1, tzinfo=UTC), "n": 7}]


def test_the_text_nan_is_no_value_where_the_contract_says_so():
    assert read_all(texts(["NaN", "1", "nan"]), "number", nan="null") == [None, 1.0, None]
