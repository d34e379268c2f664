"""Expressions over events: one definition, as SQL for DuckDB and as a function of one row, with the same values.

`col("amount").sum().over("30d")` builds nodes, `typed` gives them types, `sql_inner`/`sql_scalar` and
`row_inner`/`row_scalar` compile what stands inside and outside of aggregates, and `partial_of` aggregates.
"""

from __future__ import annotations

from dragoman.features.expressions.builders import (
    coalesce,
    col,
    concat,
    count,
    days_since,
    hours_since,
    if_else,
    lit,
)
from dragoman.features.expressions.exact import Exact, std_of
from dragoman.features.expressions.expression import Expression
from dragoman.features.expressions.features import aggregates_of, require_feature, type_of
from dragoman.features.expressions.functions import FUNCTIONS
from dragoman.features.expressions.nodes import KINDS, Aggregate, Call, Column, Kind, Node, Value
from dragoman.features.expressions.partials import Partial, Place, partial_of
from dragoman.features.expressions.plain import from_plain, to_plain
from dragoman.features.expressions.rows import InnerRow, ScalarRow, row_aggregate, row_inner, row_scalar
from dragoman.features.expressions.sql import sql_aggregate, sql_inner, sql_scalar
from dragoman.features.expressions.types import Type
from dragoman.features.expressions.wording import text_of

__all__ = [
    "FUNCTIONS",
    "KINDS",
    "Aggregate",
    "Call",
    "Column",
    "Exact",
    "Expression",
    "InnerRow",
    "Kind",
    "Node",
    "Partial",
    "Place",
    "ScalarRow",
    "Type",
    "Value",
    "aggregates_of",
    "coalesce",
    "col",
    "concat",
    "count",
    "days_since",
    "from_plain",
    "hours_since",
    "if_else",
    "lit",
    "partial_of",
    "require_feature",
    "row_aggregate",
    "row_inner",
    "row_scalar",
    "sql_aggregate",
    "sql_inner",
    "sql_scalar",
    "std_of",
    "text_of",
    "to_plain",
    "type_of",
]
