"""DuckDB over Arrow tables: counts of many rows in bounded memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used
    from duckdb import DuckDBPyConnection
    from pyarrow.dataset import Dataset

__all__ = ["database", "quoted"]

MEMORY = "1GB"
CLOSED = {  # what a query has no business with
    "enable_external_access": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}


@contextmanager
def database(tables: Mapping[str, pa.Table | Dataset], *, memory: str = MEMORY) -> Iterator[DuckDBPyConnection]:
    """A database that reads the tables where they are; what does not fit in `memory` goes to a temporary folder."""
    import duckdb  # heavy: serving does without it

    with tempfile.TemporaryDirectory(prefix="dragoman-") as folder:
        config: dict[str, str | bool | int | float | list[str]] = {
            **CLOSED,
            "memory_limit": memory,
            "temp_directory": folder,
            "preserve_insertion_order": False,
        }
        with duckdb.connect(config=config) as connection:
            for name, table in tables.items():
                connection.register(name, table)
            yield connection


def quoted(name: str) -> str:
    """A name of a column as SQL."""
    return '"' + name.replace('"', '""') + '"'
