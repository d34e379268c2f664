"""Two versions of a dataset side by side: which rows changed, and how the rows are spread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dragoman.data.columns import require_columns
from dragoman.data.diff_words import diff_text
from dragoman.data.matching import match_by_key, match_whole_rows
from dragoman.data.spreads import category_shift, number_shift
from dragoman.data.sql import database, quoted
from dragoman.records import DatasetDiff

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used
    from pyarrow.dataset import Dataset

__all__ = ["diff_text", "diff_versions"]

KEY = "id"
CATEGORIES = ("language", "label", "split")


def diff_versions(
    before: pa.Table | Dataset,
    after: pa.Table | Dataset,
    *,
    names: tuple[str, str] = ("before", "after"),
    key: Sequence[str] | None = None,
    categories: Sequence[str] = CATEGORIES,
    texts: Sequence[str] = ("text",),
) -> DatasetDiff:
    """What changed from `before` to `after`.

    `key` are the columns by which a row of one is a row of the other; by default `id` where both have it, and else
    whole rows are compared. `categories` and `texts` name columns whose values are counted, or measured; those that
    neither version has are left out. Values are compared by 64-bit hashes, those of a column whose type has changed as
    text; rows that do not fit in 1 GB go to a temporary folder. Raises `InvalidInput` for a key that is missing or not
    unique.
    """
    old, new = before.schema, after.schema
    common = [name for name in old.names if name in new.names]
    if key is None:
        key = [KEY] if KEY in common else []
    for schema in (old, new):
        require_columns(key, schema)
    retyped = {name: [str(old.field(name).type), str(new.field(name).type)] for name in common}
    retyped = {name: types for name, types in retyped.items() if types[0] != types[1]}
    with database({"before": before, "after": after}) as connection:
        match = (match_by_key if key else match_whole_rows)(connection, common, key=key, retyped=list(retyped))
        return DatasetDiff(
            before=names[0],
            after=names[1],
            key=list(key),
            rows_before=match.rows_before,
            rows_after=match.rows_after,
            added=match.added,
            removed=match.removed,
            changed=match.changed,
            unchanged=match.unchanged,
            new_columns=[name for name in new.names if name not in old.names],
            lost_columns=[name for name in old.names if name not in new.names],
            retyped_columns=retyped,
            changed_columns=match.columns,
            examples=match.examples,
            categories=[
                category_shift(connection, name, before=name in old.names, after=name in new.names)
                for name in categories
                if name in {*old.names, *new.names}
            ],
            numbers=[number_shift(connection, name, quoted(name)) for name in _numbers(old, new, [*key, *categories])],
            lengths=[number_shift(connection, name, f"length({quoted(name)})") for name in texts if name in common],
        )


def _numbers(old: pa.Schema, new: pa.Schema, without: Sequence[str]) -> list[str]:
    """Columns of numbers in both versions."""
    import pyarrow as pa  # heavy: serving does without it

    def is_number(kind: pa.DataType) -> bool:
        return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))

    return [
        name
        for name in old.names
        if name in new.names
        and name not in without
        and is_number(old.field(name).type)
        and is_number(new.field(name).type)
    ]
