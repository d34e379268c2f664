from __future__ import annotations

import operator
import re

import pyarrow as pa
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.data.rules.tables import batch, check, column

from dragoman.errors import InvalidSpec

INTEGERS = [0, 1, 5, -3, 2**53, 2**53 + 1, -(2**63), 2**63 - 1]
FLOATS = [0.0, -0.0, 0.5, -2.5, 5.0, 2.0**53, 1e18, 1e300, -1e300, 5e-324]
COMPARE = {"min": operator.ge, "max": operator.le, "above": operator.gt, "below": operator.lt}
ENDS = st.sampled_from([*INTEGERS, *FLOATS, 2**70, -(2**70)])


def good_rows(contract: str, values: pa.Array) -> list[bool]:
    try:
        return check(contract, batch({"x": values})).good
    except InvalidSpec:  # nothing fits the bounds
        assume(False)
        raise


@given(
    bounds=st.dictionaries(st.sampled_from(sorted(COMPARE)), ENDS, min_size=1, max_size=2),
    values=st.one_of(
        st.lists(st.one_of(st.none(), st.sampled_from(INTEGERS))).map(lambda found: pa.array(found, pa.int64())),
        st.lists(st.one_of(st.none(), st.sampled_from(FLOATS))).map(lambda found: pa.array(found, pa.float64())),
    ),
)
def test_bounds_are_exact_for_large_integers_and_floats(bounds, values):
    type = "integer" if values.type == pa.int64() else "number"
    lines = "\n".join(f"{key} = {end!r}" for key, end in bounds.items())
    good = good_rows(column(f'type = "{type}"\n{lines}'), values)
    assert good == [
        value is None or all(COMPARE[key](value, end) for key, end in bounds.items()) for value in values.to_pylist()
    ]


TIMES = ["1969-12-31T23:59:59.999999Z", "1970-01-01T01:00:00+01:00", "2026-01-01", "2026-01-01T00:00:00.000001Z"]


def test_bounds_of_times_are_exact_and_know_zones():
    good = check(
        column('type = "time"\nmin = 1970-01-01\nbelow = "2026-01-01T02:00:00+02:00"'), batch({"x": TIMES})
    ).good
    assert good == [False, True, False, False]


@given(
    members=st.lists(st.sampled_from([0, 1, -1, 0.5, 2**53, 7]), min_size=1, max_size=4, unique=True),
    values=st.lists(st.one_of(st.none(), st.sampled_from([0.0, -0.0, 1.0, 0.5, 2.0**53, 3.0]))),
)
def test_a_set_of_numbers_holds_what_is_equal(members, values):
    contract = column(f'type = "number"\nvalues = {members}') + column(f'type = "number"\nforbidden = {members}', "y")
    array = pa.array(values, pa.float64())
    checked = check(contract, batch({"x": array, "y": array}))
    inside = sum(value in members for value in values if value is not None)
    outside = sum(value not in members for value in values if value is not None)
    assert checked.broken == {kind: count for kind, count in (("values", outside), ("forbidden", inside)) if count}


@pytest.mark.parametrize(
    ("type", "members", "values", "good"),
    [
        ("string", ["a", "é"], ["a", "A", "e\u0301", "é", "", None], [True, False, False, True, False, True]),
        ("boolean", [True], [True, False, None], [True, False, True]),
        ("integer", [2**53, 2**53 + 1], [2**53, 2**53 + 1, 2**53 + 2], [True, True, False]),
        ("time", ["2026-01-01T01:00:00+01:00"], ["2026-01-01", "2026-01-02"], [True, False]),
    ],
)
def test_sets_have_values_of_the_type(type, members, values, good):
    lines = ", ".join(
        {True: "true"}.get(one, repr(one)) if not isinstance(one, int) or one is True else str(one) for one in members
    )
    assert check(column(f'type = "{type}"\nvalues = [{lines}]'), batch({"x": values})).good == good


@given(
    low=st.integers(0, 4),
    high=st.integers(0, 4),
    values=st.lists(st.one_of(st.none(), st.text("aé漢😀\u0301", max_size=6))),
)
def test_lengths_count_code_points(low, high, values):
    assume(low <= high)
    good = check(
        column(f'type = "string"\nmin_length = {low}\nmax_length = {high}'), batch({"x": pa.array(values, pa.string())})
    ).good
    assert good == [value is None or low <= len(value) <= high for value in values]


PATTERNS = [
    "a",
    "a|bc",
    "[a-c]+",
    "(?i)ab?",
    ".*\n",
    "[^a]",
    "^a",
    "a$",
    "",
    "(?s).",
    "a{2,3}",
    "x|^$",
    "\\$a\\.",
    "é+",
]


@pytest.mark.parametrize("pattern", PATTERNS)
@given(values=st.lists(st.one_of(st.none(), st.text("aAbcé$.\n", max_size=4)), max_size=15))
def test_a_pattern_must_match_the_whole_text(pattern, values):
    good = check(
        column(f'type = "string"\npattern = {_toml(pattern)}'), batch({"x": pa.array(values, pa.string())})
    ).good
    # Python's `$` also matches before a line end at the end of the text; RE2's does not.
    expected = re.compile(pattern.replace("$", r"\Z") if pattern.endswith("$") else pattern.replace("^$", r"^\Z"))
    assert good == [value is None or bool(expected.fullmatch(value)) for value in values]


def _toml(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"') + '"'


@pytest.mark.parametrize("pattern", ["(a+)+b", "(a|a)*b", "(.*a){12}", "(a?){50}a{50}", "([a-z]+)*[0-9]"])
def test_no_pattern_is_slow_on_a_hostile_text(pattern):
    hostile = ["a" * 100_000, "a" * 50_000 + "!", "ab" * 50_000]  # a backtracking matcher would not live to see the end
    assert len(check(column(f'type = "string"\npattern = "{pattern}"'), batch({"x": hostile})).good) == 3
