"""A contract's own keys as rules."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from dragoman.data.rules.base import RowRule, WholeRule
from dragoman.data.rules.blank import not_blank
from dragoman.data.rules.control import no_controls
from dragoman.data.rules.counts import RowCount
from dragoman.data.rules.damage import not_damaged
from dragoman.data.rules.freshness import Freshness
from dragoman.data.rules.lengths import long_as
from dragoman.data.rules.members import among, not_among
from dragoman.data.rules.patterns import matches, whole
from dragoman.data.rules.presence import has_type, has_value, no_other_columns
from dragoman.data.rules.ranges import within
from dragoman.data.rules.scripts import in_script, refuse_unknown_languages
from dragoman.data.rules.shares import CategoryCounts, Share
from dragoman.data.rules.structure import column_is_there, nothing_else
from dragoman.data.rules.unique import Keys, Unique
from dragoman.spec.bounds import Span, read_value, span_of
from dragoman.spec.contracts import CategoriesSpec, ColumnSpec, ContractSpec

__all__ = ["row_rules", "whole_rules"]


def row_rules(contract: ContractSpec) -> Iterator[RowRule]:
    """The rules that each row keeps or breaks by itself. Raises `InvalidSpec` for a language of no known script."""
    if contract.extra == "refuse":
        yield no_other_columns()
    for name, column in contract.columns.items():
        yield has_type(name, column.type)
        if column.required and not column.nullable:
            yield has_value(name)
        yield from _value_rules(name, column)
        if column.type == "string":
            yield from _text_rules(name, column, contract)
    for categories, rule in ((contract.languages, "language"), (contract.labels, "label")):
        if categories is not None and categories.allowed is not None:
            yield among(categories.column, categories.allowed, "string", rule=rule)


def _value_rules(name: str, column: ColumnSpec) -> Iterator[RowRule]:
    bounds = {key: getattr(column, key) for key in ("min", "max", "above", "below") if getattr(column, key) is not None}
    if (span := span_of(column.type, bounds, name)) is not None:
        yield within(name, span, column.type)
    if column.values is not None:
        yield among(name, [read_value(value, column.type, name) for value in column.values], column.type)
    if column.forbidden is not None:
        yield not_among(name, [read_value(value, column.type, name) for value in column.forbidden], column.type)


def _text_rules(name: str, column: ColumnSpec, contract: ContractSpec) -> Iterator[RowRule]:
    if column.min_length is not None or column.max_length is not None:
        yield long_as(name, Span(column.min_length, column.max_length))
    if column.pattern is not None:
        yield matches(name, [column.pattern], "matches", made=whole)
    tests = {"blank": not_blank, "control": no_controls, "damage": not_damaged}
    yield from (tests[check](name) for check in column.refuse if check in tests)
    if "script" in column.refuse and contract.languages is not None:
        refuse_unknown_languages(contract.languages.allowed or [])
        yield in_script(name, contract.languages.column, max_foreign=column.max_foreign)


def whole_rules(contract: ContractSpec, *, now: datetime, folder: Path | None) -> Iterator[WholeRule]:
    """The rules over all rows."""
    if contract.extra == "refuse":
        yield nothing_else(contract.columns)
    for name, column in contract.columns.items():
        if column.required:
            yield column_is_there(name)
        if column.unique:
            yield Unique(Keys([name], folder=folder))
    for names in contract.unique:
        yield Unique(Keys(names, folder=folder))
    if contract.rows is not None:
        yield RowCount(Span(contract.rows.min or None, contract.rows.max))
    for categories in (contract.languages, contract.labels):
        if categories is not None:
            yield from _share_rules(categories)
    if contract.freshness is not None:
        yield Freshness(contract.freshness.column, contract.freshness.max_age_hours, now)


def _share_rules(categories: CategoriesSpec) -> Iterator[WholeRule]:
    counts = CategoryCounts(categories.column, list(categories.shares))
    for number, share in enumerate(categories.shares.values()):
        yield Share(counts, number, share)
