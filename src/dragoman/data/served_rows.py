"""Rows that labels gave: their features of views are those that were served, and are not looked up again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

__all__ = ["LABEL_PREFIX", "join_beside_served"]

LABEL_PREFIX = "label:"  # of the ids of rows that labels gave; the prediction's id follows


def join_beside_served(rows: pa.Table, views: Sequence[str], join: Callable[[pa.Table], pa.Table]) -> pa.Table:
    """The rows in their order, with the features that `join` adds to those that were not served.

    A column VIEW.FEATURE of `rows` holds what was served to the rows of labels. Without such columns all rows are
    joined.
    """
    import pyarrow as pa  # heavy: serving does without it
    from pyarrow import compute

    columns = [name for name in rows.column_names if name.partition(".")[0] in views and "." in name]
    if not columns or "id" not in rows.column_names:
        return join(rows)
    is_served = compute.fill_null(compute.starts_with(rows["id"], LABEL_PREFIX), False).to_numpy()
    joined = join(rows.filter(pa.array(~is_served)).drop_columns(columns))
    together = pa.concat_tables([joined, rows.filter(pa.array(is_served))], promote_options="permissive")
    return together.take(np.argsort(np.argsort(is_served, kind="stable"), kind="stable"))
