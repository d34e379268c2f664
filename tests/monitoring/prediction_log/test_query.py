from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from deltalake import DeltaTable
from tests.monitoring.prediction_log.world import open_log, row, rows

from dragoman.errors import Untrusted
from dragoman.monitoring.prediction_log import read_pending, read_predictions, rows_of
from dragoman.monitoring.prediction_log.schema import PARTITIONS, encode_row, table_of
from dragoman.store.tables import DeltaTables

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def tables(tmp_path_factory) -> DeltaTables:
    """A row every six hours of three days, in turns of two models and three languages."""
    folder = tmp_path_factory.mktemp("log")
    log = open_log(folder)
    for number in range(12):
        time = (NOON + timedelta(hours=6 * number)).isoformat()
        fields = {"language": ("de", "ja", "th")[number % 3], "time": time}
        log.append([row(str(number), **fields)])
    log.close()
    return DeltaTables(folder / "tables")


def ids(tables: DeltaTables, **how: object) -> list[int]:
    return [int(id) for id in read_predictions(tables, **how)["id"].to_pylist()]


def test_predictions_come_in_order_of_time(tables):
    assert ids(tables) == list(range(12))


def test_a_span_holds_its_first_moment_and_not_its_last(tables):
    day = timedelta(days=1)
    assert ids(tables, since=NOON, until=NOON + day) == [0, 1, 2, 3]
    assert ids(tables, since=(NOON + day).replace(tzinfo=None), until=NOON + 2 * day) == [4, 5, 6, 7]


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({"language": "ja"}, [1, 4, 7, 10]),
        ({"language": "xx"}, []),
        ({"model": "support"}, list(range(12))),
        ({"model": "other"}, []),
        ({"limit": 3}, [9, 10, 11]),
        ({"limit": 0}, []),
        ({"limit": 2, "language": "de"}, [6, 9]),
        ({"limit": 100}, list(range(12))),
    ],
)
def test_predictions_are_chosen_by_model_language_and_number(tables, how, expected):
    assert ids(tables, **how) == expected


def test_the_newest_are_read_without_the_days_before_them(tables, tmp_path):
    copied = copy_of(tables, tmp_path)
    for path in copied.root.glob("predictions/date=2026-01-01/*.parquet"):
        path.unlink()
    assert ids(copied, limit=4) == [8, 9, 10, 11]
    with pytest.raises(Untrusted, match="'predictions' cannot be read"):
        ids(copied)


def copy_of(tables: DeltaTables, folder: Path) -> DeltaTables:
    shutil.copytree(tables.root, folder / "tables")
    return DeltaTables(folder / "tables")


def test_days_are_partitions_that_other_programs_see(tables):
    partitions = DeltaTable(tables.root / "predictions").partitions()
    assert sorted(str(one["date"]) for one in partitions) == [f"2026-01-0{day}" for day in (1, 2, 3, 4)]


def test_without_a_table_there_are_no_predictions(tmp_path):
    found = read_predictions(DeltaTables(tmp_path), limit=3)
    assert (len(found), found.column_names[:2]) == (0, ["id", "time"])


def test_pending_rows_have_the_same_columns(tmp_path):
    log = open_log(tmp_path)
    log.append(rows(1, 2)).wait()
    pending = read_pending(tmp_path / "log")
    log.close()
    assert pending["id"].to_pylist() == ["1", "2"]
    assert pending.schema == read_predictions(DeltaTables(tmp_path / "tables")).schema


def test_a_table_of_an_earlier_release_takes_rows_with_traces_and_its_own_are_still_read(tmp_path):
    earlier = table_of([encode_row(row("1"))])[0].drop_columns(["trace"])
    tables = DeltaTables(tmp_path / "tables")
    tables.append_once("predictions", earlier, app="earlier", number=1, partition_by=PARTITIONS)
    log = open_log(tmp_path)
    log.append([row("2", trace="a" * 32)])
    log.close()
    found = rows_of(read_predictions(tables))
    assert {one.id: one.trace for one in found} == {"1": "", "2": "a" * 32}
