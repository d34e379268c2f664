from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from dragoman.data.table_versions import digest_table, ingest_table, load_table
from dragoman.errors import Untrusted
from dragoman.records import DatasetVersion
from dragoman.store.memory import MemoryCatalog
from dragoman.store.tables import DeltaTables

TABLE = pa.table(
    {"x": [1, 2, 3], "plan": ["a", None, "b"], "y": ["no", "yes", "no"], "split": ["train", "dev", "test"]}
)


@pytest.fixture
def tables(tmp_path: Path) -> DeltaTables:
    return DeltaTables(tmp_path)


def ingested(tables: DeltaTables, catalog: MemoryCatalog, table: pa.Table = TABLE) -> DatasetVersion:
    return ingest_table(table, name="rows", sources={"a.csv": "5" * 64}, label="y", tables=tables, catalog=catalog)


def test_rows_become_a_version_that_gives_them_back(tables: DeltaTables) -> None:
    version = ingested(tables, MemoryCatalog())
    assert (version.rows, version.columns["x"], version.labels) == (3, "int64", {"no": 2, "yes": 1})
    assert version.splits == {"dev": 1, "test": 1, "train": 1}
    assert load_table(version, tables).sort_by("x").equals(TABLE)


def test_the_same_rows_in_another_order_are_the_same_version(tables: DeltaTables) -> None:
    catalog = MemoryCatalog()
    turned = TABLE.take([2, 0, 1])
    assert digest_table(turned) == digest_table(TABLE)
    assert ingested(tables, catalog) == ingested(tables, catalog, turned)


def test_other_rows_are_another_version(tables: DeltaTables) -> None:
    catalog = MemoryCatalog()
    numbers = [ingested(tables, catalog, table).number for table in (TABLE, TABLE.slice(1))]
    assert numbers == [0, 1]


def test_rows_that_were_changed_are_not_trusted(tables: DeltaTables) -> None:
    version = ingested(tables, MemoryCatalog())
    tables.overwrite("rows", TABLE.slice(1))
    changed = DatasetVersion(**{name: getattr(version, name) for name in version.__struct_fields__} | {"number": 1})
    with pytest.raises(Untrusted, match="has changed"):
        load_table(changed, tables)
