"""What is counted of a version of a dataset in one database: rows, labels, splits, lengths, texts to look at."""

# ruff: noqa: S608 (what stands in the queries is our own, or a name in quotes)
from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal, NamedTuple

from dragoman.data.spreads import QUANTILES, spread_from
from dragoman.data.sql import database, quoted
from dragoman.records import Spread
from dragoman.text.language import UNDETERMINED

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used
    from duckdb import DuckDBPyConnection
    from pyarrow.dataset import Dataset

__all__ = ["Counts", "count_table"]

SPLITS = {"train": 0, "dev": 1, "test": 2}  # in the order in which people name them

ByLanguage = dict[str, dict[str, int]]


class Counts(NamedTuple):
    """Counts of a table, by language."""

    rows: int
    missing: dict[str, int]  # column → rows without a value
    labels: ByLanguage
    splits: ByLanguage
    lengths: dict[str, Spread]
    samples: dict[str, list[str]]  # different texts

    @property
    def largest_first(self) -> list[str]:
        return sorted(self.lengths, key=lambda code: (-self.lengths[code].rows - self.lengths[code].missing, code))

    def totals(self, what: Literal["labels", "splits"]) -> dict[str, int]:
        """Over all languages, by name."""
        sums: Counter[str] = Counter()
        for counts in (self.labels if what == "labels" else self.splits).values():
            sums.update(counts)
        return dict(sorted(sums.items(), key=lambda item: (SPLITS.get(item[0], len(SPLITS)), item[0])))


def count_table(table: pa.Table | Dataset, *, text: str, language: str, label: str, split: str, sample: int) -> Counts:
    """Count; the names are those of columns, an empty one is not there. Rows that name no language are `und`."""
    code = f"coalesce(nullif({quoted(language)}::VARCHAR, ''), '{UNDETERMINED}')" if language else f"'{UNDETERMINED}'"
    with database({"rows_of_table": table}) as connection:
        missing = [f"count(*) - count({quoted(name)})" for name in table.schema.names]
        row = connection.execute(f"SELECT count(*), {', '.join(missing)} FROM rows_of_table").fetchall()[0]
        return Counts(
            row[0],
            dict(zip(table.schema.names, row[1:], strict=True)),
            _by_language(connection, code, label),
            _by_language(connection, code, split),
            _lengths(connection, code, text),
            _samples(connection, code, text, sample),
        )


def _by_language(connection: DuckDBPyConnection, code: str, column: str) -> ByLanguage:
    if not column:
        return {}
    found: ByLanguage = {}
    value = f"{quoted(column)}::VARCHAR"
    query = f"SELECT {code}, {value}, count(*) FROM rows_of_table WHERE {value} <> '' GROUP BY ALL ORDER BY ALL"
    for language, name, count in connection.execute(query).fetchall():
        found.setdefault(language, {})[name] = count
    return found


def _lengths(connection: DuckDBPyConnection, code: str, text: str) -> dict[str, Spread]:
    length = f"length({quoted(text)})"
    rows = connection.execute(
        f"SELECT {code}, count(*), count({length}), avg({length}), min({length}), max({length}), "
        f"quantile_disc({length}, {list(QUANTILES)}) FROM rows_of_table GROUP BY 1 ORDER BY 1"
    )
    return {language: spread_from(numbers) for language, *numbers in rows.fetchall()}


def _samples(connection: DuckDBPyConnection, code: str, text: str, most: int) -> dict[str, list[str]]:
    """Some different texts of each language: those with the least digests, whatever the order of the rows."""
    found: dict[str, list[str]] = {}
    rows = connection.execute(
        f"SELECT code, t FROM (SELECT DISTINCT {code} AS code, {quoted(text)} AS t FROM rows_of_table) "
        f"WHERE t <> '' QUALIFY row_number() OVER (PARTITION BY code ORDER BY md5(t)) <= {int(most)} ORDER BY code, t"
    )
    for language, one in rows.fetchall():
        found.setdefault(language, []).append(one)
    return found
