from __future__ import annotations

from pathlib import Path

import pytest

from dragoman.feedback.arrivals import Arrivals
from dragoman.feedback.labels import table_of
from dragoman.records import Label
from dragoman.store.tables import DeltaTables


@pytest.fixture
def tables(tmp_path: Path) -> DeltaTables:
    """Three labels, each of them a commit."""
    made = DeltaTables(tmp_path)
    for number in range(3):
        told = Label(prediction_id=f"p{number}", model="m", label="a", source="audit", time="t", received="t")
        made.append("labels", table_of([told]))
    return made


def test_labels_are_read_once_whether_their_files_were_compacted_or_not(tables: DeltaTables) -> None:
    arrivals = Arrivals(tables)
    tables.compact("labels")
    found = arrivals.read(-1, 0)
    assert [one.prediction_id for one in found.labels] == ["p0", "p1", "p2"]
    assert arrivals.read(found.version, found.row).labels == []


def test_what_was_told_before_versions_that_are_gone_counts_as_told(tables: DeltaTables) -> None:
    tables.compact("labels", keep_hours=0)
    assert Arrivals(tables).told_before({"p1", "p9"}, 1, 0) == {"p1", "p9"}
