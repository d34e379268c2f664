from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dragoman.errors import InvalidData
from dragoman.feedback.given import Unread
from dragoman.feedback.kpi.given import GivenEvent
from dragoman.feedback.kpi.lines import read_event_lines, read_event_rows

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_a_line_is_an_event_and_an_empty_one_is_none():
    lines = [b'{"subject": "ada", "name": "spent", "value": 2, "time": "2026-03-01T12:00:00Z", "id": "7"}\n', b"\n"]
    assert list(read_event_lines(lines)) == [GivenEvent("ada", "spent", 2.0, AT, "7", "line 1")]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b'{"subject": "ada"}', "name"),
        (b'{"subject": "", "name": "spent"}', "length"),
        (b'{"subject": "ada", "name": "spent", "valu": 2}', "valu"),
        (b'{"subject": "ada", "name": "spent", "time": "2026-03-01T12:00:00"}', "timezone"),
        (b"resolved", "malformed"),
        (b"\xff", ""),
    ],
)
def test_a_line_that_is_no_event_is_told_with_its_place(line, words):
    (found,) = read_event_lines([line])
    assert isinstance(found, Unread)
    assert (found.place, words in found.text) == ("line 1", True)


def test_rows_of_csv_may_name_their_columns_in_any_order_and_leave_cells_empty():
    rows = ["name,subject,time,value,id\n", "spent,ada,2026-03-01T12:00:00Z,2.5,7\n", '"resolved","a, b",,,\n']
    assert list(read_event_rows(rows)) == [
        GivenEvent("ada", "spent", 2.5, AT, "7", "line 2"),
        GivenEvent("a, b", "resolved", place="line 3"),
    ]


@pytest.mark.parametrize("header", ["", "subject,value", "subject,name,when", "subject,name,name"])
def test_a_header_that_names_no_events_is_refused(header):
    with pytest.raises(InvalidData, match="header"):
        list(read_event_rows([f"{header}\n", "a,b\n"]))


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("ada,spent,much,", "float"),
        ("ada,spent", "cells"),
        ("ada,spent,1,2026-03-01T12:00:00Z,x", "cells"),
        (",spent,1,", "subject"),
        ("ada,spent,1,yesterday", "time"),
    ],
)
def test_a_row_that_is_no_event_is_told_with_its_place(row, words):
    (found,) = read_event_rows(["subject,name,value,time\n", f"{row}\n"])
    assert isinstance(found, Unread)
    assert (found.place, words in found.text) == ("line 2", True)


def test_quotes_that_do_not_close_are_refused():
    with pytest.raises(InvalidData, match="no CSV"):
        list(read_event_rows(["subject,name\n", 'ada,"spent\n']))
