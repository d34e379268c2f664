from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import csv, parquet

from dragoman.errors import Conflict, InvalidData, NotFound, Untrusted
from dragoman.features import Entity, Events, View, col
from dragoman.features.offline import WorkspaceSources, join_as_of
from dragoman.store.tables import DeltaTables

TIMES = ["2026-01-01T00:00:00Z", "2026-01-01T02:00:00+01:00", "2026-01-02"]
ROWS = {"shop": ["a", "b", "a"], "at": TIMES, "amount": [1.5, 2.5, 4.0], "note": ["x", "y", "z"]}
ASKED = pa.table({"shop": ["a", "b"], "now": ["2026-01-02", "2026-01-01T00:59:59Z"]})


def view_of(**source: object) -> View:
    events = Events(**{"time": "at", **source})  # type: ignore[arg-type]
    features = {"sum": col("amount").sum()}
    return View("sales", entity=Entity("shop", keys=["shop"]), source=events, features=features, owner="me")


def sources_of(folder: Path, **how: object) -> WorkspaceSources:
    return WorkspaceSources(DeltaTables(folder / "tables"), folder, **how)  # type: ignore[arg-type]


def sums(view: View, sources: WorkspaceSources) -> list[float | None]:
    values: list[float | None] = join_as_of(ASKED, [view], sources, time="now")["sales.sum"].to_pylist()
    return values


def lines(rows: dict[str, list[object]]) -> str:
    import json

    return "".join(json.dumps(dict(zip(rows, one, strict=True))) + "\n" for one in zip(*rows.values(), strict=True))


def test_a_dataset_is_a_source(tmp_path: Path) -> None:
    DeltaTables(tmp_path / "tables").overwrite("orders", pa.table(ROWS))
    assert sums(view_of(dataset="orders"), sources_of(tmp_path)) == [5.5, None]


def test_csv_jsonl_and_parquet_give_the_same_values(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(lines(ROWS), encoding="utf-8")
    csv.write_csv(pa.table(ROWS), tmp_path / "a.csv")
    parquet.write_table(pa.table(ROWS), tmp_path / "a.parquet")
    for name in ("a.jsonl", "a.csv", "a.parquet"):
        view = view_of(files=name, types={"amount": "number"})
        assert sums(view, sources_of(tmp_path)) == [5.5, None]


def test_files_of_a_pattern_may_differ_in_types_and_columns(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(lines({**ROWS, "amount": [1, 2, 4]}), encoding="utf-8")
    (tmp_path / "b.jsonl").write_text(lines({**ROWS, "more": ["q", "r", "s"]}), encoding="utf-8")
    assert sums(view_of(files="*.jsonl"), sources_of(tmp_path)) == [10.5, None]


def test_a_version_is_pinned(tmp_path: Path) -> None:
    tables = DeltaTables(tmp_path / "tables")
    tables.overwrite("orders", pa.table(ROWS))
    tables.append("orders", pa.table(ROWS))
    view = view_of(dataset="orders")
    assert sums(view, sources_of(tmp_path, versions={"orders": 0})) == [5.5, None]
    assert sums(view, sources_of(tmp_path)) == [11.0, None]


def test_a_dataset_that_grows_meanwhile_is_read_as_it_was_first_seen(tmp_path: Path) -> None:
    tables, sources = DeltaTables(tmp_path / "tables"), sources_of(tmp_path)
    tables.overwrite("orders", pa.table(ROWS))
    before = sums(view_of(dataset="orders"), sources)
    tables.append("orders", pa.table(ROWS))
    assert sums(view_of(dataset="orders"), sources) == before
    assert sources.number(view_of(dataset="orders")) == 0


def test_of_rows_alike_in_time_the_one_that_was_added_later_is_the_last(tmp_path: Path) -> None:
    tables = DeltaTables(tmp_path / "tables")
    for amount in (1.0, 2.0, 3.0):
        tables.append("orders", pa.table({"shop": ["a"], "at": ["2026-01-01"], "amount": [amount]}))
    features = {"last": col("amount").last(), "first": col("amount").first()}
    source = Events("orders", time="at")
    view = View("sales", entity=Entity("shop", keys=["shop"]), source=source, features=features, owner="me")
    found = join_as_of(ASKED.slice(0, 1), [view], sources_of(tmp_path), time="now")
    assert (found["sales.last"].to_pylist(), found["sales.first"].to_pylist()) == ([3.0], [1.0])


def test_only_the_columns_that_are_asked_for_are_read(tmp_path: Path) -> None:
    DeltaTables(tmp_path / "tables").overwrite("orders", pa.table(ROWS))
    view = view_of(dataset="orders")
    batches = list(sources_of(tmp_path).batches(view, view.columns_read))
    assert batches[0].schema.names == ["shop", "at", "amount"]
    assert batches[0].schema.field("at").type == pa.timestamp("us", "UTC")


def test_a_dataset_that_is_not_there_is_refused_with_help(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"reads the dataset 'orders', which is not there\. Help: `dragoman data ingest"):
        sums(view_of(dataset="orders"), sources_of(tmp_path))


def test_a_column_that_is_not_there_is_refused_with_the_nearest(tmp_path: Path) -> None:
    DeltaTables(tmp_path / "tables").overwrite("orders", pa.table({**ROWS, "ammount": ROWS["amount"]}).drop(["amount"]))
    with pytest.raises(InvalidData, match=r"no column 'amount'\. Help: Did you mean 'ammount'"):
        sums(view_of(dataset="orders"), sources_of(tmp_path))


def test_a_value_of_another_type_is_refused(tmp_path: Path) -> None:
    csv.write_csv(pa.table({**ROWS, "amount": ["1", "two", "3"]}), tmp_path / "a.csv")
    with pytest.raises(InvalidData, match="The column 'amount' has 'two', which is no number"):
        sums(view_of(files="a.csv", types={"amount": "number"}), sources_of(tmp_path))


def test_files_without_a_row_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("shop,at,amount\n", encoding="utf-8")
    with pytest.raises(InvalidData, match=r"The files a\.csv have no rows"):
        sums(view_of(files="a.csv"), sources_of(tmp_path))


def test_files_that_change_meanwhile_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(lines(ROWS), encoding="utf-8")
    sources, view = sources_of(tmp_path), view_of(files="a.jsonl")
    sources.schema(view)
    (tmp_path / "a.jsonl").write_text(lines(ROWS) * 2, encoding="utf-8")
    with pytest.raises(Conflict, match=r"The files a\.jsonl changed while they were read"):
        sums(view, sources)


def test_a_table_whose_files_are_gone_is_not_trusted(tmp_path: Path) -> None:
    DeltaTables(tmp_path / "tables").overwrite("orders", pa.table(ROWS))
    for path in (tmp_path / "tables" / "orders").glob("*.parquet"):
        path.unlink()
    with pytest.raises(Untrusted, match="Version 0 of the dataset 'orders' cannot be read"):
        sums(view_of(dataset="orders"), sources_of(tmp_path))
