"""Contradictions in a contract: what no data could keep, and what could never be judged."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from dragoman.errors import InvalidSpec
from dragoman.spec.base import LANGUAGE_PATTERN
from dragoman.spec.bounds import Span, read_value, span_of
from dragoman.spec.columns import column_of
from dragoman.spec.contracts import CategoriesSpec, ColumnSpec, ContractSpec
from dragoman.spec.patterns import refuse_bad_pattern

__all__ = ["refuse_contradictions"]

TEXT_KEYS = ("min_length", "max_length", "pattern")
BOUND_KEYS = ("min", "max", "above", "below")
ALMOST = 1e-9  # shares are sums of decimal fractions


def refuse_contradictions(contract: ContractSpec, source: str) -> None:
    """Raise `InvalidSpec` for the first one found; `source` names the file."""
    for name, column in contract.columns.items():
        place = f"{source}: column '{name}'"
        _refuse_in_column(column, place)
        if "script" in column.refuse and contract.languages is None:
            raise InvalidSpec(
                f"{place}: 'refuse' has \"script\", but nothing says what language a row is in.",
                help='Add [languages] with column = "language".',
            )
    for names in contract.unique:
        _refuse_twice(names, f"{source}: 'unique'")
        for name in names:
            column_of(contract, name, f"{source}: 'unique'")
    for key, categories in (("languages", contract.languages), ("labels", contract.labels)):
        if categories is not None:
            _refuse_in_categories(categories, contract, f"{source}: '{key}")
    _refuse_no_languages(contract, source)
    _refuse_in_whole(contract, source)


def _refuse_in_column(column: ColumnSpec, place: str) -> None:
    if column.nullable and not column.required:
        raise InvalidSpec(f"{place}: 'nullable' without 'required'.", help="A column that is not required may be null.")
    for key in TEXT_KEYS:
        if getattr(column, key) is not None and column.type != "string":
            raise InvalidSpec(f"{place}: '{key}' is for strings, and the type is {column.type}.", help=HELP_FOR_TYPE)
    if column.refuse and column.type != "string":
        raise InvalidSpec(f"{place}: 'refuse' is for strings, and the type is {column.type}.", help=HELP_FOR_TYPE)
    if column.min_length is not None and column.max_length is not None and column.min_length > column.max_length:
        raise InvalidSpec(
            f"{place}: 'min_length' is {column.min_length}, 'max_length' is {column.max_length}.", help="No text fits."
        )
    if column.pattern is not None:
        refuse_bad_pattern(column.pattern, f"{place}: 'pattern'")
    _refuse_twice(column.refuse, f"{place}: 'refuse'")
    _refuse_values(column, place)


HELP_FOR_TYPE = "Remove the key, or change the type."


def _refuse_values(column: ColumnSpec, place: str) -> None:
    bounds = {key: getattr(column, key) for key in BOUND_KEYS if getattr(column, key) is not None}
    span = span_of(column.type, bounds, place)
    sets = {}
    for key in ("values", "forbidden"):
        written = getattr(column, key) or []
        sets[key] = [read_value(value, column.type, f"{place}: '{key}'") for value in written]
        _refuse_twice(sets[key], f"{place}: '{key}'", written)
    for value, written in zip(sets["values"], column.values or [], strict=True):
        _refuse_no_use(value, written, span, sets["forbidden"], place)


def _refuse_no_use(value: Any, written: Any, span: Span | None, forbidden: Sequence[Any], place: str) -> None:
    if span is not None and not span.holds(value):
        raise InvalidSpec(
            f"{place}: 'values' has {written!r}, which is out of the bounds.", help="Remove one of the two."
        )
    if value in forbidden:
        raise InvalidSpec(
            f"{place}: {written!r} is in 'values' and in 'forbidden'.", help="Remove it from one of them."
        )


def _refuse_twice(values: Sequence[Any], place: str, written: Sequence[Any] = ()) -> None:
    for number, value in enumerate(values):
        if value in values[:number]:
            raise InvalidSpec(f"{place} names {(written or values)[number]!r} twice.", help="Remove one of the two.")


def _refuse_in_categories(categories: CategoriesSpec, contract: ContractSpec, place: str) -> None:
    column = column_of(contract, categories.column, f"{place}.column'")
    if column.type != "string":
        raise InvalidSpec(
            f"{place}.column' is {categories.column!r}, whose type is {column.type}.", help="Name a string."
        )
    allowed = categories.allowed
    _refuse_twice(allowed or [], f"{place}.allowed'")
    for name, share in categories.shares.items():
        if share.min > share.max:
            raise InvalidSpec(f"{place}.shares.{name}': min is {share.min}, max is {share.max}.", help="No share fits.")
        if allowed is not None and name not in allowed:
            raise InvalidSpec(f"{place}.shares.{name}' is not allowed.", help=f"'allowed' has {', '.join(allowed)}.")
    if (least := sum(share.min for share in categories.shares.values())) > 1 + ALMOST:
        raise InvalidSpec(f"{place}.shares': the least shares add up to {least:g}.", help="They may have at most 1.")
    most = sum(share.max for share in categories.shares.values())
    if allowed is not None and set(allowed) == set(categories.shares) and most < 1 - ALMOST:
        raise InvalidSpec(f"{place}.shares': the greatest shares add up to {most:g}.", help="They need at least 1.")


def _refuse_no_languages(contract: ContractSpec, source: str) -> None:
    if (languages := contract.languages) is None:
        return
    for code in [*(languages.allowed or []), *languages.shares]:
        if not re.search(LANGUAGE_PATTERN, code):
            raise InvalidSpec(
                f"{source}: 'languages' names {code!r}, which is no BCP 47 code.", help="Write de or pt-BR."
            )


def _refuse_in_whole(contract: ContractSpec, source: str) -> None:
    if (rows := contract.rows) is not None and rows.max is not None and rows.min > rows.max:
        raise InvalidSpec(f"{source}: 'rows.min' is {rows.min}, 'rows.max' is {rows.max}.", help="No count fits.")
    if (freshness := contract.freshness) is not None:
        column = column_of(contract, freshness.column, f"{source}: 'freshness.column'")
        if column.type != "time":
            raise InvalidSpec(
                f"{source}: 'freshness.column' is {freshness.column!r}, whose type is {column.type}.",
                help='Name a column with type = "time".',
            )
