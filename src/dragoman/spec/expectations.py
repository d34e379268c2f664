"""Rules by the names that people know from elsewhere: those of Great Expectations and pandera, with their parameters.

```toml
[[expectations]]
type = "expect_column_values_to_be_between"
column = "age"
min_value = 0
mostly = 0.99
```

Great Expectations keeps the parameters in a table `kwargs`, which is read as well. What a name means is compiled in
`data/rules/expectations.py`.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from msgspec import Meta

from dragoman.spec.contracts import Bound, Count, Names, Scalar, Share, Values

__all__ = [
    "EXPECTATIONS",
    "FORMER_NAMES",
    "GREAT_EXPECTATIONS",
    "PANDERA",
    "REQUIRED",
    "Expectation",
    "Form",
    "parameters_of",
    "struct_of",
]

Parameters = dict[str, tuple[Any, Any]]  # name → type, default
REQUIRED = msgspec.NODEFAULT
Number = int | float
Patterns = Names
SeveralColumns = Annotated[list[str], Meta(min_length=2)]

COLUMN: Parameters = {"column": (str, REQUIRED)}
MOST: Parameters = {"mostly": (Share, 1.0)}
EACH = COLUMN | MOST
STRICT: Parameters = {"strict_min": (bool, False), "strict_max": (bool, False)}
BOUNDS: Parameters = {"min_value": (Bound | None, None), "max_value": (Bound | None, None)} | STRICT
MEASURE: Parameters = COLUMN | {"min_value": (Number | None, None), "max_value": (Number | None, None)} | STRICT
COUNTS: Parameters = {"min_value": (Count | None, None), "max_value": (Count | None, None)} | STRICT
COUNT: Parameters = {"value": (Count, REQUIRED)}
SET: Parameters = {"value_set": (Values, REQUIRED)}
PAIR: Parameters = {
    "column_A": (str, REQUIRED),
    "column_B": (str, REQUIRED),
    "ignore_row_if": (
        Literal["both_values_are_missing", "either_value_is_missing", "neither"],
        "both_values_are_missing",
    ),
} | MOST
SEVERAL: Parameters = {
    "column_list": (SeveralColumns, REQUIRED),
    "ignore_row_if": (
        Literal["all_values_are_missing", "any_value_is_missing", "never"],
        "all_values_are_missing",
    ),
} | MOST
MATCH_ON: Parameters = {"match_on": (Literal["any", "all"], "any")}


class Form(NamedTuple):
    """How a rule is written, and what it says."""

    parameters: Parameters
    words: str


class Expectation(NamedTuple):
    """A rule by its name, with all its parameters."""

    type: str
    parameters: dict[str, Any]


GREAT_EXPECTATIONS: dict[str, Form] = {
    "expect_column_to_exist": Form(COLUMN, "the column is there"),
    "expect_column_values_to_be_null": Form(EACH, "no row has a value"),
    "expect_column_values_to_not_be_null": Form(EACH, "every row has a value"),
    "expect_column_values_to_be_unique": Form(EACH, "no two rows have the same value"),
    "expect_column_values_to_be_in_set": Form(EACH | SET, "only these values"),
    "expect_column_values_to_not_be_in_set": Form(EACH | SET, "none of these values"),
    "expect_column_values_to_be_between": Form(EACH | BOUNDS, "values within bounds"),
    "expect_column_values_to_be_of_type": Form(EACH | {"type_": (str, REQUIRED)}, "the type of the column"),
    "expect_column_values_to_be_in_type_list": Form(
        EACH | {"type_list": (Names, REQUIRED)}, "the type of the column is one of these"
    ),
    "expect_column_value_lengths_to_be_between": Form(EACH | COUNTS, "lengths in code points within bounds"),
    "expect_column_value_lengths_to_equal": Form(EACH | COUNT, "the length in code points"),
    "expect_column_values_to_match_regex": Form(EACH | {"regex": (str, REQUIRED)}, "the pattern is found in the value"),
    "expect_column_values_to_not_match_regex": Form(
        EACH | {"regex": (str, REQUIRED)}, "the pattern is not found in the value"
    ),
    "expect_column_values_to_match_regex_list": Form(
        EACH | {"regex_list": (Patterns, REQUIRED)} | MATCH_ON, "any or all of the patterns are found"
    ),
    "expect_column_values_to_not_match_regex_list": Form(
        EACH | {"regex_list": (Patterns, REQUIRED)}, "none of the patterns is found"
    ),
    "expect_column_values_to_match_like_pattern": Form(
        EACH | {"like_pattern": (str, REQUIRED)}, "SQL's LIKE: `%` any text, `_` any character"
    ),
    "expect_column_values_to_not_match_like_pattern": Form(
        EACH | {"like_pattern": (str, REQUIRED)}, "the whole value is not LIKE the pattern"
    ),
    "expect_column_values_to_match_like_pattern_list": Form(
        EACH | {"like_pattern_list": (Patterns, REQUIRED)} | MATCH_ON, "LIKE any or all of the patterns"
    ),
    "expect_column_values_to_not_match_like_pattern_list": Form(
        EACH | {"like_pattern_list": (Patterns, REQUIRED)}, "LIKE none of the patterns"
    ),
    "expect_column_min_to_be_between": Form(COLUMN | BOUNDS, "the least value of the column within bounds"),
    "expect_column_max_to_be_between": Form(COLUMN | BOUNDS, "the greatest value of the column within bounds"),
    "expect_column_mean_to_be_between": Form(MEASURE, "the mean within bounds"),
    "expect_column_sum_to_be_between": Form(MEASURE, "the sum within bounds"),
    "expect_column_stdev_to_be_between": Form(MEASURE, "the sample standard deviation within bounds"),
    "expect_column_unique_value_count_to_be_between": Form(COLUMN | COUNTS, "how many different values there are"),
    "expect_column_proportion_of_unique_values_to_be_between": Form(
        MEASURE, "different values, as a share of the values"
    ),
    "expect_column_proportion_of_non_null_values_to_be_between": Form(MEASURE, "values, as a share of the rows"),
    "expect_column_distinct_values_to_be_in_set": Form(COLUMN | SET, "only these values"),
    "expect_column_distinct_values_to_contain_set": Form(COLUMN | SET, "each of these values somewhere"),
    "expect_column_distinct_values_to_equal_set": Form(COLUMN | SET, "only these values, and each of them somewhere"),
    "expect_table_row_count_to_be_between": Form(COUNTS, "how many rows there are"),
    "expect_table_row_count_to_equal": Form(COUNT, "how many rows there are"),
    "expect_table_column_count_to_be_between": Form(COUNTS, "how many columns the data have"),
    "expect_table_column_count_to_equal": Form(COUNT, "how many columns the data have"),
    "expect_table_columns_to_match_set": Form(
        {"column_set": (Names, REQUIRED), "exact_match": (bool, True)}, "the columns that the data have, in any order"
    ),
    "expect_table_columns_to_match_ordered_list": Form(
        {"column_list": (Names, REQUIRED)}, "the columns that the data have, in this order"
    ),
    "expect_compound_columns_to_be_unique": Form(SEVERAL, "no two rows have the same values in these columns"),
    "expect_select_column_values_to_be_unique_within_record": Form(
        SEVERAL, "no row has the same value in two of these columns"
    ),
    "expect_column_pair_values_to_be_equal": Form(PAIR, "both columns have the same value"),
    "expect_column_pair_values_a_to_be_greater_than_b": Form(
        PAIR | {"or_equal": (bool, False)}, "the first column's value is greater than the second's"
    ),
    "expect_column_pair_values_to_be_in_set": Form(
        PAIR
        | {"value_pairs_set": (Annotated[list[tuple[Scalar | None, Scalar | None]], Meta(min_length=1)], REQUIRED)},
        "only these pairs of values",
    ),
    "expect_multicolumn_sum_to_equal": Form(
        SEVERAL | {"sum_total": (Number, REQUIRED)}, "the values of each row have this sum"
    ),
}

PANDERA: dict[str, Form] = {
    "equal_to": Form(COLUMN | {"value": (Scalar, REQUIRED)}, "this value"),
    "not_equal_to": Form(COLUMN | {"value": (Scalar, REQUIRED)}, "any but this value"),
    "greater_than": Form(COLUMN | {"min_value": (Bound, REQUIRED)}, "values above a bound"),
    "greater_than_or_equal_to": Form(COLUMN | {"min_value": (Bound, REQUIRED)}, "values from a bound on"),
    "less_than": Form(COLUMN | {"max_value": (Bound, REQUIRED)}, "values below a bound"),
    "less_than_or_equal_to": Form(COLUMN | {"max_value": (Bound, REQUIRED)}, "values up to a bound"),
    "in_range": Form(
        COLUMN
        | {"min_value": (Bound, REQUIRED), "max_value": (Bound, REQUIRED)}
        | {"include_min": (bool, True), "include_max": (bool, True)},
        "values within bounds",
    ),
    "isin": Form(COLUMN | {"allowed_values": (Values, REQUIRED)}, "only these values"),
    "notin": Form(COLUMN | {"forbidden_values": (Values, REQUIRED)}, "none of these values"),
    "str_matches": Form(COLUMN | {"pattern": (str, REQUIRED)}, "the value begins with a match of the pattern"),
    "str_contains": Form(COLUMN | {"pattern": (str, REQUIRED)}, "the pattern is found in the value"),
    "str_startswith": Form(COLUMN | {"string": (str, REQUIRED)}, "the value begins with this text"),
    "str_endswith": Form(COLUMN | {"string": (str, REQUIRED)}, "the value ends with this text"),
    "str_length": Form(
        COLUMN
        | {"min_value": (Count | None, None), "max_value": (Count | None, None)}
        | {"exact_value": (Count | None, None)},
        "lengths in code points within bounds",
    ),
    "unique_values_eq": Form(COLUMN | {"values": (Values, REQUIRED)}, "only these values, and each of them somewhere"),
}

EXPECTATIONS: dict[str, Form] = GREAT_EXPECTATIONS | PANDERA

# Short names of pandera, and names that Great Expectations had before.
FORMER_NAMES = {
    "eq": "equal_to",
    "ne": "not_equal_to",
    "gt": "greater_than",
    "ge": "greater_than_or_equal_to",
    "lt": "less_than",
    "le": "less_than_or_equal_to",
    "between": "in_range",
    "expect_column_pair_values_A_to_be_greater_than_B": "expect_column_pair_values_a_to_be_greater_than_b",
    "expect_multicolumn_values_to_be_unique": "expect_select_column_values_to_be_unique_within_record",
}


@cache
def struct_of(name: str) -> type[msgspec.Struct]:
    """The parameters of a rule as a record that checks their types."""
    fields = [(key, kind, default) for key, (kind, default) in EXPECTATIONS[name].parameters.items()]
    required = [(key, kind) for key, kind, default in fields if default is REQUIRED]
    optional = [field for field in fields if field[2] is not REQUIRED]
    return msgspec.defstruct(name, [*required, *optional], frozen=True, kw_only=True, forbid_unknown_fields=True)


def parameters_of(table: dict[str, Any]) -> dict[str, Any]:
    """What a table of `[[expectations]]` gives as parameters: its own keys, and those of `kwargs`."""
    own = {key: value for key, value in table.items() if key not in ("type", "kwargs")}
    return {**own, **table.get("kwargs", {})}
