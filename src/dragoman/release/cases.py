"""What versions are compared on before traffic: an input, and what is true of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from dragoman.profiles import category_name
from dragoman.records import Example, RowInput, TextInput
from dragoman.release.outcome import UNKNOWN

__all__ = ["Case", "Truth", "cases_of", "cases_of_rows"]

LANGUAGE = "language"  # the column of a row's language
Truth = str | float | tuple[float, ...]  # a label, a number, or those of the steps of a forecast


class Case(NamedTuple):
    """One text or row of the evaluation data. `input` is what `Model.predict` takes.

    `naive` is the naive answer to a number, where it is another than the median of all true ones.
    """

    language: str
    input: Any
    truth: Truth
    naive: float | tuple[float, ...] | None = None


def cases_of(examples: Iterable[Example]) -> list[Case]:
    """Labelled texts, language by language, in the order of their ids."""
    ordered = sorted(examples, key=lambda one: (one.language, one.id))
    return [Case(one.language, _input_of(one), one.label) for one in ordered]


def cases_of_rows(rows: Iterable[Mapping[str, Any]], *, target: str, has_labels: bool) -> list[Case]:
    """Rows of a table by column. What is not the target is a column that a version may read; `language` is both."""
    return [_case_of(row, target, has_labels=has_labels) for row in rows]


def _case_of(row: Mapping[str, Any], target: str, *, has_labels: bool) -> Case:
    language, truth = row.get(LANGUAGE), row[target]
    features = {name: _plain(value) for name, value in row.items() if name != target}
    given = RowInput(features=features, language=language or None)
    return Case(language or UNKNOWN, given, (category_name(truth) or "") if has_labels else float(truth))


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value


def _input_of(example: Example) -> str | TextInput:
    return TextInput(text=example.text, features=example.features) if example.features else example.text
