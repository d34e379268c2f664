"""Which rows of two versions are the same, which changed, which came and which went."""

# ruff: noqa: S608 (what stands in the queries is our own, or a name in quotes)
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from dragoman.data.sql import quoted
from dragoman.errors import InvalidInput

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["Match", "match_by_key", "match_whole_rows"]

SHOWN = 5  # examples of each kind
KINDS = {"added": "NOT old", "removed": "NOT new", "changed": "old AND new AND moved"}


class Match(NamedTuple):
    """Counts of rows; `columns` says in how many of the changed ones each column differs."""

    rows_before: int
    rows_after: int
    added: int
    removed: int
    changed: int
    columns: dict[str, int]
    examples: dict[str, list[str]]

    @property
    def unchanged(self) -> int:
        return self.rows_before - self.removed - self.changed


def match_by_key(
    connection: DuckDBPyConnection, columns: Sequence[str], *, key: Sequence[str], retyped: Sequence[str]
) -> Match:
    """Match rows by key. Raises `InvalidInput` if two rows of a version have the same."""
    for table in ("before", "after"):
        _require_unique(connection, table, key)
    values = [name for name in columns if name not in key]
    connection.execute(f"CREATE TEMP TABLE matched AS {_matched(key, values, retyped)}")
    kinds = [f"count(*) FILTER ({condition})" for condition in KINDS.values()]
    moved = [f"count(*) FILTER (old AND new AND moved{number})" for number in range(len(values))]
    sides = ["count(*) FILTER (old)", "count(*) FILTER (new)"]
    row = connection.execute(f"SELECT {', '.join([*sides, *kinds, *moved])} FROM matched").fetchall()[0]
    before, after, added, removed, changed, *differing = map(int, row)
    counts = {name: count for name, count in zip(values, differing, strict=True) if count}
    examples = {kind: found for kind in KINDS if (found := _examples(connection, kind, len(key)))}
    return Match(before, after, added, removed, changed, counts, examples)


def match_whole_rows(
    connection: DuckDBPyConnection, columns: Sequence[str], *, key: Sequence[str], retyped: Sequence[str]
) -> Match:
    """Match rows whose columns are all the same; one that is there twice counts twice."""
    fields = ", ".join(_value(name, retyped) for name in columns) or "0"
    sides = [f"SELECT hash({fields}) AS h, {number} AS side FROM {name}" for number, name in _SIDES]
    row = connection.execute(
        "SELECT sum(old), sum(new), sum(greatest(new - old, 0)), sum(greatest(old - new, 0)) FROM "
        "(SELECT count(*) FILTER (side = 0) AS old, count(*) FILTER (side = 1) AS new "
        f"FROM ({' UNION ALL '.join(sides)}) GROUP BY h)"
    ).fetchall()[0]
    before, after, added, removed = (int(count or 0) for count in row)
    return Match(before, after, added, removed, 0, {}, {})


_SIDES = ((0, "before"), (1, "after"))


def _matched(key: Sequence[str], values: Sequence[str], retyped: Sequence[str]) -> str:
    """All keys, in which version each is, and which columns differ."""
    keys = [f"{_value(name, retyped)} AS k{number}" for number, name in enumerate(key)]
    hashes = [f"hash({_value(name, retyped)}) AS v{number}" for number, name in enumerate(values)]
    sides = [f"(SELECT {', '.join([*keys, *hashes])}, TRUE AS here FROM {name})" for _, name in _SIDES]
    found = [f"coalesce(b.k{number}, a.k{number}) AS k{number}" for number in range(len(key))]
    moved = [f"b.v{number} <> a.v{number} AS moved{number}" for number in range(len(values))]
    is_moved = " OR ".join(f"b.v{number} <> a.v{number}" for number in range(len(values))) or "FALSE"
    is_same = " AND ".join(f"b.k{number} IS NOT DISTINCT FROM a.k{number}" for number in range(len(key)))
    here = "b.here IS NOT NULL AS old, a.here IS NOT NULL AS new"
    columns = ", ".join([*found, here, f"({is_moved}) AS moved", *moved])
    return f"SELECT {columns} FROM {sides[0]} b FULL JOIN {sides[1]} a ON {is_same}"


def _value(name: str, retyped: Sequence[str]) -> str:
    return f"{quoted(name)}::VARCHAR" if name in retyped else quoted(name)


def _examples(connection: DuckDBPyConnection, kind: str, keys: int) -> list[str]:
    names = ", ".join(f"k{number}" for number in range(keys))
    rows = connection.execute(f"SELECT {names} FROM matched WHERE {KINDS[kind]} ORDER BY {names} LIMIT {SHOWN}")
    return [", ".join(map(str, row)) for row in rows.fetchall()]


def _require_unique(connection: DuckDBPyConnection, table: str, key: Sequence[str]) -> None:
    names = ", ".join(map(quoted, key))
    found = connection.execute(
        f"SELECT {names}, count(*) FROM {table} GROUP BY {names} HAVING count(*) > 1 ORDER BY {names} LIMIT 1"
    ).fetchall()
    if found:
        *values, count = found[0]
        raise InvalidInput(
            f"{count} rows of the version {table} have the key {', '.join(map(str, values))} ({', '.join(key)}).",
            help="Name columns that are different in every row, or compare whole rows with no key.",
        )
