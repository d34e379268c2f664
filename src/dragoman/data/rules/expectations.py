"""Rules by the names of Great Expectations and pandera, made of the same parts as a contract's own keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from dragoman.data.rules.base import RowRule, WholeRule
from dragoman.data.rules.counts import RowCount
from dragoman.data.rules.lengths import long_as
from dragoman.data.rules.members import among, not_among
from dragoman.data.rules.moments import Measure
from dragoman.data.rules.pairs import Judged, all_different, equal, greater, pair_among, sums_to
from dragoman.data.rules.patterns import at_start, like, literal, matches
from dragoman.data.rules.presence import has_no_value, has_type, has_value
from dragoman.data.rules.ranges import within
from dragoman.data.rules.seen import HasEach
from dragoman.data.rules.structure import column_count, column_is_there, columns_are, columns_in_order
from dragoman.data.rules.unique import Different, Keyed, Keys, Unique
from dragoman.spec.bounds import Span, read_value, span_of
from dragoman.spec.contracts import ColumnType, ContractSpec
from dragoman.spec.expectations import Expectation

__all__ = ["BUILDERS", "compile_expectation"]

Rule: TypeAlias = RowRule | WholeRule


@dataclass(frozen=True)
class Given:
    """A rule's parameters, and what is known of the columns."""

    parameters: dict[str, Any]
    contract: ContractSpec
    folder: Path | None

    def __getitem__(self, key: str) -> Any:
        return self.parameters[key]

    @property
    def mostly(self) -> float:
        return float(self.parameters.get("mostly", 1.0))

    def type_of(self, column: str) -> ColumnType:
        return self.contract.columns[column].type

    def values(self, key: str) -> list[Any]:
        """A set, as the column's type."""
        return [read_value(value, self.type_of(self["column"]), key) for value in self[key]]

    def bounds(self, type: ColumnType) -> Span:
        """What `min_value` and `max_value` say, the ends in or out."""
        low = "above" if self.parameters.get("strict_min") or not self.parameters.get("include_min", True) else "min"
        high = "below" if self.parameters.get("strict_max") or not self.parameters.get("include_max", True) else "max"
        given = {low: self.parameters.get("min_value"), high: self.parameters.get("max_value")}
        return span_of(type, {key: value for key, value in given.items() if value is not None}, "bounds") or Span()


def compile_expectation(expectation: Expectation, contract: ContractSpec, folder: Path | None) -> Iterator[Rule]:
    """The rules that an expectation stands for."""
    yield from BUILDERS[expectation.type](Given(expectation.parameters, contract, folder))


def _member(given: Given, *, key: str) -> Iterator[Rule]:
    yield among(given["column"], given.values(key), given.type_of(given["column"]), mostly=given.mostly)


def _no_member(given: Given, *, key: str) -> Iterator[Rule]:
    yield not_among(given["column"], given.values(key), given.type_of(given["column"]), mostly=given.mostly)


def _each(given: Given, *, key: str, only: bool) -> Iterator[Rule]:
    if only:
        yield from _member(given, key=key)
    yield HasEach(given["column"], given.values(key), given.type_of(given["column"]))


def _one_value(given: Given, *, negate: bool) -> Iterator[Rule]:
    type = given.type_of(given["column"])
    yield (not_among if negate else among)(given["column"], [read_value(given["value"], type, "value")], type)


def _bounds(given: Given) -> Iterator[Rule]:
    type = given.type_of(given["column"])
    yield within(given["column"], given.bounds(type), type, mostly=given.mostly)


def _bound(given: Given, *, end: str) -> Iterator[Rule]:
    type = given.type_of(given["column"])
    value = given.parameters.get("min_value", given.parameters.get("max_value"))
    yield within(given["column"], span_of(type, {end: value}, "bounds") or Span(), type)


def _type(given: Given) -> Iterator[Rule]:
    yield has_type(given["column"], given.type_of(given["column"]))._replace(mostly=given.mostly)


def _lengths(given: Given) -> Iterator[Rule]:
    yield long_as(given["column"], given.bounds("number"), mostly=given.mostly)


def _length(given: Given, *, key: str) -> Iterator[Rule]:
    yield long_as(given["column"], Span(given[key], given[key]), mostly=given.mostly)


def _string_length(given: Given) -> Iterator[Rule]:
    yield from _lengths(given) if given["exact_value"] is None else _length(given, key="exact_value")


def _match(
    given: Given, *, key: str, words: str, made: Callable[[str], str] = str, negate: bool = False
) -> Iterator[Rule]:
    patterns = given[key] if isinstance(given[key], list) else [given[key]]
    every = given.parameters.get("match_on") == "all"
    yield matches(given["column"], patterns, words, made=made, every=every, negate=negate, mostly=given.mostly)


def _measure(given: Given, *, name: str) -> Iterator[Rule]:
    type: ColumnType = given.type_of(given["column"]) if name in ("least", "greatest") else "number"
    yield Measure(name, given["column"], given.bounds(type), type)


def _different(given: Given, *, share: bool) -> Iterator[Rule]:
    yield Different(Keys([given["column"]], folder=given.folder), given.bounds("number"), share=share)


def _unique(given: Given) -> Iterator[Rule]:
    columns = given["column_list"] if "column_list" in given.parameters else [given["column"]]
    keyed = KEYED[given.parameters.get("ignore_row_if", "any_value_is_missing")]
    yield Unique(Keys(columns, keyed=keyed, folder=given.folder), mostly=given.mostly)


def _row_count(given: Given) -> Iterator[Rule]:
    yield RowCount(_count_span(given))


def _column_count(given: Given) -> Iterator[Rule]:
    yield column_count(_count_span(given))


def _count_span(given: Given) -> Span:
    return Span(given["value"], given["value"]) if "value" in given.parameters else given.bounds("integer")


def _pair(given: Given) -> dict[str, Any]:
    return {"judged": JUDGED[given["ignore_row_if"]], "mostly": given.mostly}


def _pairs(given: Given) -> Iterator[Rule]:
    columns = (given["column_A"], given["column_B"])
    types = (given.type_of(columns[0]), given.type_of(columns[1]))
    pairs = [
        (read_value(one, types[0], "pair"), read_value(other, types[1], "pair"))
        for one, other in given["value_pairs_set"]
    ]
    yield pair_among(columns, pairs, types, **_pair(given))


def _one(rule: Callable[[Given], Rule]) -> Callable[[Given], Iterator[Rule]]:
    def build(given: Given) -> Iterator[Rule]:
        yield rule(given)

    return build


KEYED: dict[str, Keyed] = {
    "all_values_are_missing": "any",
    "any_value_is_missing": "all",
    "never": "every row",
}
JUDGED: dict[str, Judged] = {
    **KEYED,
    "both_values_are_missing": "any",
    "either_value_is_missing": "all",
    "neither": "every row",
}
BUILDERS: dict[str, Callable[[Given], Iterator[Rule]]] = {
    "expect_column_to_exist": _one(lambda given: column_is_there(given["column"])),
    "expect_column_values_to_be_null": _one(lambda given: has_no_value(given["column"], mostly=given.mostly)),
    "expect_column_values_to_not_be_null": _one(lambda given: has_value(given["column"], mostly=given.mostly)),
    "expect_column_values_to_be_unique": _unique,
    "expect_column_values_to_be_in_set": partial(_member, key="value_set"),
    "expect_column_values_to_not_be_in_set": partial(_no_member, key="value_set"),
    "expect_column_values_to_be_between": _bounds,
    "expect_column_values_to_be_of_type": _type,
    "expect_column_values_to_be_in_type_list": _type,
    "expect_column_value_lengths_to_be_between": _lengths,
    "expect_column_value_lengths_to_equal": partial(_length, key="value"),
    "expect_column_values_to_match_regex": partial(_match, key="regex", words="holds a match of"),
    "expect_column_values_to_not_match_regex": partial(_match, key="regex", words="holds no match of", negate=True),
    "expect_column_values_to_match_regex_list": partial(_match, key="regex_list", words="holds a match of"),
    "expect_column_values_to_not_match_regex_list": partial(
        _match, key="regex_list", words="holds no match of", negate=True
    ),
    "expect_column_values_to_match_like_pattern": partial(_match, key="like_pattern", words="is LIKE", made=like),
    "expect_column_values_to_not_match_like_pattern": partial(
        _match, key="like_pattern", words="is not LIKE", made=like, negate=True
    ),
    "expect_column_values_to_match_like_pattern_list": partial(
        _match, key="like_pattern_list", words="is LIKE", made=like
    ),
    "expect_column_values_to_not_match_like_pattern_list": partial(
        _match, key="like_pattern_list", words="is not LIKE", made=like, negate=True
    ),
    "expect_column_min_to_be_between": partial(_measure, name="least"),
    "expect_column_max_to_be_between": partial(_measure, name="greatest"),
    "expect_column_mean_to_be_between": partial(_measure, name="mean"),
    "expect_column_sum_to_be_between": partial(_measure, name="sum"),
    "expect_column_stdev_to_be_between": partial(_measure, name="deviation"),
    "expect_column_proportion_of_non_null_values_to_be_between": partial(_measure, name="filled"),
    "expect_column_unique_value_count_to_be_between": partial(_different, share=False),
    "expect_column_proportion_of_unique_values_to_be_between": partial(_different, share=True),
    "expect_column_distinct_values_to_be_in_set": partial(_member, key="value_set"),
    "expect_column_distinct_values_to_contain_set": partial(_each, key="value_set", only=False),
    "expect_column_distinct_values_to_equal_set": partial(_each, key="value_set", only=True),
    "expect_table_row_count_to_be_between": _row_count,
    "expect_table_row_count_to_equal": _row_count,
    "expect_table_column_count_to_be_between": _column_count,
    "expect_table_column_count_to_equal": _column_count,
    "expect_table_columns_to_match_set": _one(
        lambda given: columns_are(given["column_set"], exactly=given["exact_match"])
    ),
    "expect_table_columns_to_match_ordered_list": _one(lambda given: columns_in_order(given["column_list"])),
    "expect_compound_columns_to_be_unique": _unique,
    "expect_select_column_values_to_be_unique_within_record": _one(
        lambda given: all_different(given["column_list"], **_pair(given))
    ),
    "expect_column_pair_values_to_be_equal": _one(
        lambda given: equal(given["column_A"], given["column_B"], **_pair(given))
    ),
    "expect_column_pair_values_a_to_be_greater_than_b": _one(
        lambda given: greater(given["column_A"], given["column_B"], or_equal=given["or_equal"], **_pair(given))
    ),
    "expect_column_pair_values_to_be_in_set": _pairs,
    "expect_multicolumn_sum_to_equal": _one(
        lambda given: sums_to(given["column_list"], given["sum_total"], **_pair(given))
    ),
    "equal_to": partial(_one_value, negate=False),
    "not_equal_to": partial(_one_value, negate=True),
    "greater_than": partial(_bound, end="above"),
    "greater_than_or_equal_to": partial(_bound, end="min"),
    "less_than": partial(_bound, end="below"),
    "less_than_or_equal_to": partial(_bound, end="max"),
    "in_range": _bounds,
    "isin": partial(_member, key="allowed_values"),
    "notin": partial(_no_member, key="forbidden_values"),
    "str_matches": partial(_match, key="pattern", words="begins with a match of", made=at_start),
    "str_contains": partial(_match, key="pattern", words="holds a match of"),
    "str_startswith": partial(_match, key="string", words="begins with", made=lambda text: rf"\A{literal(text)}"),
    "str_endswith": partial(_match, key="string", words="ends with", made=lambda text: rf"{literal(text)}\z"),
    "str_length": _string_length,
    "unique_values_eq": partial(_each, key="values", only=True),
}
