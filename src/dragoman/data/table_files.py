"""Files of rows as one table: what models of tables learn from."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dragoman.data.sources import Source, open_files
from dragoman.data.sources.csv import CsvFile
from dragoman.data.storable import storable, unified
from dragoman.data.typed_texts import typed_texts
from dragoman.errors import InvalidData

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

__all__ = ["read_table"]


def read_table(files: Sequence[Path], *, root: Path, texts: Collection[str] = ()) -> pa.Table:
    """The rows of CSV, JSONL and Parquet files, in the order of the files, with the columns of all.

    Columns of CSV files get the type that all their values have; those of `texts` stay texts. What is no value of a
    table is as for a dataset: nested values are JSON texts, times are in UTC. Raises `InvalidData` with the place of a
    line that cannot be read, for values of two types in one column, and if there is no row.
    """
    sources = open_files(files, root=root, columns={})
    of_texts = [source for source in sources if isinstance(source, CsvFile)]
    others = _rows_of([source for source in sources if source not in of_texts])
    table = _together([*others, *_typed(_rows_of(of_texts), texts)])
    if table is None or not table.num_rows:
        raise InvalidData("The data has no rows.", help="'data.files' in the spec names the files.")
    return table


def _rows_of(sources: Sequence[Source]) -> list[pa.Table]:
    import pyarrow as pa  # heavy: serving does without it

    return [pa.table(storable(one.batch)) for source in sources for one in source.batches()]


def _typed(tables: Sequence[pa.Table], texts: Collection[str]) -> list[pa.Table]:
    """Tables of texts as one, with the types of what they hold."""
    import pyarrow as pa  # heavy: as above

    if (table := _together(tables)) is None:
        return []
    names = table.column_names
    return [pa.table({one: table.column(one) if one in texts else typed_texts(table.column(one)) for one in names})]


def _together(tables: Sequence[pa.Table]) -> pa.Table | None:
    import pyarrow as pa  # heavy: as above

    if not tables:
        return None
    try:
        unified([table.schema for table in tables])
    except InvalidData as error:
        raise InvalidData(error.message, help="Give the column values of one type.") from None
    return pa.concat_tables(tables, promote_options="permissive")
