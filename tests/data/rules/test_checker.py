from __future__ import annotations

import gc
import random
import tempfile
import warnings

import msgspec
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.data.rules.oracle import WRONG, has_controls, is_blank, is_damaged, read
from tests.data.rules.tables import NOW, batch, check, column, texts

from dragoman.data.batches import Place
from dragoman.data.rules import Checker, checker, report_text
from dragoman.errors import InvalidData
from dragoman.records import CheckReport
from dragoman.spec.contract_file import parse_contract

WHOLE = """
unique = [["id", "n"]]
[columns.id]
type = "string"
required = true
unique = true
[columns.text]
type = "string"
required = true
nullable = true
max_length = 5
refuse = ["blank", "control", "damage"]
[columns.n]
type = "integer"
min = 0
below = 10
forbidden = [3]
[columns.t]
type = "time"
[languages]
column = "id"
[languages.shares]
aa = { min = 0.2 }
[freshness]
column = "t"
max_age_hours = 24
[rows]
min = 3
[[expectations]]
type = "expect_column_values_to_be_between"
column = "n"
max_value = 5
mostly = 0.7
[[expectations]]
type = "expect_column_mean_to_be_between"
column = "n"
max_value = 3
"""
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.sampled_from(["aa", "bb", "c", "d", "e", "f", None]),
            "text": st.sampled_from(["ok", "", " \u200b", "a\x00", "Ã©t", "longer", "é", "\ud800", None]),
            "n": st.sampled_from(["0", "1", "3", "5", "9", "10", "-1", "12a", "007", None]),
            "t": st.sampled_from(["2026-11-23", "2020-01-01T00:00:00Z", "soon", "2099-01-01", None]),
        }
    ),
    max_size=25,
)


def table(rows: list[dict], *, without: str = "") -> pa.RecordBatch:
    names = [name for name in ("id", "text", "n", "t") if name != without]
    return batch({name: texts([row[name] for row in rows]) for name in names})


def is_good(row: dict) -> bool:
    """What the contract says of a row by itself."""
    text, n, t = read(row["text"], "string"), read(row["n"], "integer"), read(row["t"], "time")
    try:
        text_is_good = text is None or (len(text.encode()) and len(text) <= 5 and not is_blank(text))
    except UnicodeEncodeError:
        return False
    text_is_good = text_is_good and not (text and (has_controls(text) or is_damaged(text)))
    return bool(
        row["id"] is not None
        and text_is_good
        and t is not WRONG
        and (n is None or (n is not WRONG and 0 <= n < 10 and n != 3))
    )


@given(rows=ROWS)
def test_no_bad_row_passes_and_no_good_one_is_refused(rows):
    checked = check(WHOLE, table(rows))
    assert checked.good == [is_good(row) for row in rows]
    assert sorted(checked.reasons) == [number for number, good in enumerate(checked.good) if not good]
    doubles = {row["id"] for row in rows if row["id"] and [one["id"] for one in rows].count(row["id"]) > 1}
    assert checked.report.good_rows == sum(is_good(row) and row["id"] not in doubles for row in rows)


@given(rows=ROWS, cuts=st.lists(st.integers(0, 25), max_size=6))
def test_any_batches_give_the_same_report(rows, cuts):
    assert check(WHOLE, table(rows), cuts=cuts).report == check(WHOLE, table(rows)).report


@given(rows=ROWS, seed=st.integers(0, 99), size=st.integers(1, 9))
def test_any_order_of_the_batches_gives_the_same_report(rows, seed, size):
    parts = [(rows[start : start + size], start) for start in range(0, len(rows), size)]
    random.Random(seed).shuffle(parts)
    with Checker(parse_contract(WHOLE), now=NOW) as judge:
        for part, start in parts:
            judge.judge(table(part), Place("rows", start + 1))
        report = judge.finish()
    assert not rows or report == check(WHOLE, table(rows)).report


@given(rows=ROWS, size=st.sampled_from([1, 2, 7]))
def test_small_slices_judge_as_large_ones_do(rows, size):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checker, "SLICE_ROWS", size)
        sliced = check(WHOLE, table(rows))
    whole = check(WHOLE, table(rows))
    assert (sliced.good, sliced.report, sliced.reasons, sliced.kept) == (
        whole.good,
        whole.report,
        whole.reasons,
        whole.kept,
    )


@given(rows=ROWS)
def test_in_quarantine_rules_over_all_rows_look_at_good_rows_only(rows):
    good = [row for row in rows if is_good(row)]
    quarantined, pure = check(WHOLE, table(rows), quarantine=True), check(WHOLE, table(good))
    each_row = {"required", "type", "length", "blank", "control", "damage", "bounds", "forbidden"}
    over_all = [
        (one.words, one.observed, one.count) for one in quarantined.report.violations if one.rule not in each_row
    ]
    assert over_all == [
        (one.words, one.observed, one.count) for one in pure.report.violations if one.rule not in each_row
    ]


def test_late_rows_have_the_numbers_in_which_they_were_judged():
    with Checker(parse_contract(column('type = "string"\nunique = true')), now=NOW) as judge:
        judge.judge(batch({"x": ["a", "b"]}), Place("one.csv", 2))
        judge.judge(batch({"x": ["c", "a"]}), Place("two.csv", 1, np.array([4, 9])))
        report = judge.finish()
    (late,) = judge.late
    assert (late.rows.tolist(), list(late.between(2, 4))) == ([0, 3], [1])
    assert [row.place for row in report.violations[0].examples] == ["one.csv:2", "two.csv:9"]
    assert report.bad_rows == 2


# Columns --------------------------------------------------------------------------------------------------------------

ONE = column('type = "integer"')
REQUIRED = column('type = "integer"\nrequired = true')


def test_an_empty_table_breaks_nothing():
    report = check(
        REQUIRED + "[labels]\ncolumn = 'l'\nallowed = ['a']\n" + column('type = "string"', "l"),
        batch({"x": [], "l": []}),
    ).report
    assert (report.passed, report.rows) == (True, 0)
    assert [one.words for one in report.unjudged] == ["'l' is \"a\""]


def test_no_batch_at_all_leaves_the_columns_unjudged():
    with Checker(parse_contract(REQUIRED)) as judge:
        report = judge.finish()
    assert (report.passed, {one.why for one in report.unjudged}) == (True, {"there are no data"})


@pytest.mark.parametrize("rows", [0, 2])
def test_a_required_column_that_is_missing_is_told(rows):
    checked = check(REQUIRED + column('type = "string"', "y"), batch({"y": ["a"] * rows}))
    assert checked.broken == ({"required": 2} if rows else {}) | {"missing": 0}
    assert checked.good == [False] * rows


def test_a_nullable_column_must_be_there_but_may_be_empty():
    contract = column('type = "integer"\nrequired = true\nnullable = true')
    assert check(contract, batch({"x": pa.array([None], pa.int64())})).report.passed
    assert check(contract + column('type = "string"', "y"), batch({"y": ["a"]})).broken == {"missing": 0}


def test_a_column_of_some_batches_only_is_there():
    with Checker(parse_contract(column('type = "integer"\nrequired = true\nnullable = true')), now=NOW) as judge:
        judge.judge(batch({"x": [1]}), Place("a", 1))
        judge.judge(pa.RecordBatch.from_pylist([{}], pa.schema([])), Place("a", 2))
        assert judge.finish().passed


def test_values_in_other_columns_are_refused_row_by_row():
    checked = check(ONE, batch({"x": [1, 2], "y": [None, "a\x00"], "z": [None, 7]}))
    assert (checked.good, checked.kept) == ([True, False], [{"x": 1}])
    assert checked.report.violations[0].examples[0].value == 'y = "a\\u0000", z = 7'


def test_another_column_without_any_value_is_refused_as_a_whole():
    checked = check(ONE, batch({"x": [1], "y": pa.array([None], pa.string())}))
    assert checked.good == [True]
    (violation,) = checked.report.violations
    assert (violation.observed, violation.count) == ('there is "y", without a value', 0)


@pytest.mark.parametrize(("extra", "kept"), [("keep", {"x": 1, "y": "a"}), ("drop", {"x": 1})])
def test_other_columns_are_kept_or_dropped_as_the_contract_says(extra, kept):
    checked = check(f'extra = "{extra}"\n{ONE}', batch({"y": ["a"], "x": ["1"]}))
    assert (checked.kept, checked.report.passed) == ([kept], True)


def test_two_columns_of_one_name_are_no_data():
    rows = pa.RecordBatch.from_arrays([pa.array([1]), pa.array([2])], names=["x", "x"])
    with pytest.raises(InvalidData, match=r"^a\.csv: Two columns are called 'x'"):
        check(ONE, rows, file="a.csv")


# Reports --------------------------------------------------------------------------------------------------------------


def test_a_report_has_the_first_five_rows_with_their_values_cut_and_escaped():
    values = ["\u202e" + "x" * 60, *[f"bad{number}" for number in range(8)]]
    contract = column('type = "string"\nmax_length = 3')
    (violation,) = check(contract, batch({"x": values}), cuts=[3, 4], file="a.jsonl").report.violations
    assert [row.place for row in violation.examples] == [f"a.jsonl:{line}" for line in range(1, 6)]
    assert violation.examples[0].value == '"\\u202e' + "x" * 39 + '…"'
    assert (violation.count, violation.share) == (9, 1.0)


def test_a_report_is_a_record_and_a_text():
    report = check(WHOLE, table([{"id": "aa", "text": "longer", "n": "12a", "t": None}])).report
    assert msgspec.json.decode(msgspec.json.encode(report), type=CheckReport) == report
    assert report_text(report).splitlines() == [
        "contract 'data': 1 rows, 1 bad, 22 rules",
        "✗ the length of 'text' is at most 5: 1 of 1 rows break it",
        '    rows:1  "longer"',
        "✗ 'n' is an integer of 64 bits: 1 of 1 rows break it",
        '    rows:1  "12a"',
        "✗ there are at least 3 rows: there are 1",
        "? 'n' is at least 0 and less than 10: not judged, no row has a value",
        "? 'n' is not 3: not judged, no row has a value",
        "? 'n' is at most 5: not judged, no row has a value",
        '? the values of "id", "n" are unique: not judged, no row has a value',
        "? the newest 't' is at most 24 hours old: not judged, no row has a time",
        "? the mean of 'n' is at most 3: not judged, no row has a value",
    ]


def test_most_rows_may_be_enough_and_then_no_single_row_is_bad():
    contract = (
        ONE
        + '[[expectations]]\ntype = "expect_column_values_to_be_between"\ncolumn = "x"\nmin_value = 0\nmostly = 0.75\n'
    )
    enough = check(contract, batch({"x": [1, 2, 3, -1]}))
    too_few = check(contract, batch({"x": [1, 2, -3, -1]}))
    assert (enough.report.passed, enough.good) == (True, [True] * 4)
    (violation,) = too_few.report.violations
    assert (violation.words, violation.count) == ("'x' is at least 0, in at least 0.75 of the rows", 2)
    assert (too_few.good, too_few.report.bad_rows) == ([True] * 4, 0)


def test_an_abandoned_check_leaves_no_file_open(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(InvalidData), Checker(parse_contract(WHOLE), folder=tmp_path) as judge:
            judge.judge(table([{"id": "aa", "text": "a", "n": "1", "t": None}]), Place("a", 1))
            judge.judge(pa.RecordBatch.from_arrays([pa.array([1])] * 2, names=["x", "x"]), Place("a", 2))
        del judge
        gc.collect()
    assert list(tmp_path.iterdir()) == []


def test_keys_go_to_the_folder_that_is_given(tmp_path, monkeypatch):
    folders = []
    real = tempfile.TemporaryFile
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **named: (folders.append(named["dir"]), real(**named))[1])
    check(WHOLE, table([{"id": "aa", "text": "a", "n": "1", "t": None}]), folder=tmp_path)
    assert set(folders) == {tmp_path}
