"""The tables of `[[expectations]]` read. An unknown name is refused with the nearest right one."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

import msgspec

from dragoman.errors import InvalidSpec
from dragoman.spec.bounds import read_value, span_of
from dragoman.spec.columns import column_of
from dragoman.spec.contracts import ContractSpec
from dragoman.spec.expectations import EXPECTATIONS, FORMER_NAMES, Expectation, parameters_of, struct_of
from dragoman.spec.patterns import refuse_bad_pattern
from dragoman.spec.toml_file import in_toml_words

__all__ = ["read_expectations"]

SETS = ("value_set", "allowed_values", "forbidden_values", "values")
ONE_VALUE = ("equal_to", "not_equal_to")
COLUMNS_OF_THE_DATA = ("expect_table_columns_to_match_set", "expect_table_columns_to_match_ordered_list")
TYPES = {
    "string": ("string", "str", "text", "varchar", "object", "StringType", "VARCHAR", "TEXT", "STRING"),
    "integer": ("integer", "int", "int64", "bigint", "IntegerType", "LongType", "INTEGER", "BIGINT", "INT"),
    "number": ("number", "float", "float64", "double", "FloatType", "DoubleType", "FLOAT", "DOUBLE"),
    "boolean": ("boolean", "bool", "BooleanType", "BOOLEAN"),
    "time": ("time", "datetime", "datetime64", "timestamp", "Timestamp", "TimestampType", "TIMESTAMP"),
}


def read_expectations(contract: ContractSpec, source: str) -> list[Expectation]:
    """The rules, with defaults for the parameters that are left out.

    Raises `InvalidSpec` for an unknown name or parameter, a wrong type, a column that is none, and contradictions.
    """
    return [
        _read(table, contract, f"{source}: expectation {number}")
        for number, table in enumerate(contract.expectations, 1)
    ]


def _read(table: dict[str, Any], contract: ContractSpec, place: str) -> Expectation:
    name = _name_of(table, place)
    place += f" ({name})"
    given = parameters_of(table)
    known = EXPECTATIONS[name].parameters
    for key in given:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            help = f"did you mean '{near[0]}'?" if near else f"valid parameters are {', '.join(known)}."
            raise InvalidSpec(f"{place}: unknown parameter '{key}'.", help=help)
    try:
        parameters = msgspec.structs.asdict(msgspec.convert(given, struct_of(name)))
    except msgspec.ValidationError as error:
        _, what = in_toml_words(str(error), lacks="it lacks the parameter")
        raise InvalidSpec(f"{place}: {what}.", help=HELP) from None
    _refuse_contradictions(name, parameters, contract, place)
    return Expectation(name, parameters)


HELP = "docs/contract-keys.md lists the parameters of every rule."


def _name_of(table: dict[str, Any], place: str) -> str:
    name = table.get("type")
    if not isinstance(name, str):
        raise InvalidSpec(f"{place} has no 'type'.", help='type = "expect_column_values_to_be_between", for one.')
    if not isinstance(table.get("kwargs", {}), dict):
        raise InvalidSpec(f"{place}: 'kwargs' is no table.", help="It holds the parameters.")
    name = FORMER_NAMES.get(name, name)
    if name not in EXPECTATIONS:
        near = difflib.get_close_matches(name, EXPECTATIONS, n=1)
        help = f"did you mean '{near[0]}'?" if near else "docs/contract-keys.md lists the names."
        raise InvalidSpec(f"{place}: unknown rule '{name}'.", help=help)
    return name


def _refuse_contradictions(name: str, parameters: dict[str, Any], contract: ContractSpec, place: str) -> None:
    types = [column_of(contract, column, place).type for column in _columns_of(name, parameters)]
    for key in ("regex", "pattern", "regex_list"):
        patterns = parameters.get(key, [])
        for pattern in [patterns] if isinstance(patterns, str) else patterns:
            refuse_bad_pattern(pattern, f"{place}: '{key}'")
    for key in SETS:
        for value in parameters.get(key, []):
            read_value(value, types[0], f"{place}: '{key}'")
    if name in ONE_VALUE:
        read_value(parameters["value"], types[0], f"{place}: 'value'")
    if {"regex", "like", "lengths", "str"} & set(name.split("_")) and set(types) != {"string"}:
        raise InvalidSpec(f"{place}: the type of the column is {types[0]}.", help="The rule is for strings.")
    _refuse_bounds(name, parameters, types, place)
    _refuse_types(name, parameters, types, place)


def _columns_of(name: str, parameters: dict[str, Any]) -> list[str]:
    if name in COLUMNS_OF_THE_DATA:
        return []
    one = [parameters[key] for key in ("column", "column_A", "column_B") if key in parameters]
    return one + list(parameters.get("column_list", []))


def _refuse_bounds(name: str, parameters: dict[str, Any], types: Sequence[str], place: str) -> None:
    if "min_value" not in parameters and "max_value" not in parameters:
        return
    low, high = parameters.get("min_value"), parameters.get("max_value")
    if low is None and high is None and parameters.get("exact_value") is None:
        raise InvalidSpec(f"{place}: it has no bound.", help="Give min_value, max_value or both.")
    least = "above" if parameters.get("strict_min") or not parameters.get("include_min", True) else "min"
    most = "below" if parameters.get("strict_max") or not parameters.get("include_max", True) else "max"
    if name == "greater_than":
        least = "above"
    if name == "less_than":
        most = "below"
    of_values = parameters.keys() & {"column"} and not set(name.split("_")) & {
        "lengths",
        "length",
        "mean",
        "sum",
        "stdev",
        "count",
        "proportion",
    }
    bounds = {key: value for key, value in ((least, low), (most, high)) if value is not None}
    span_of(types[0] if of_values else "number", bounds, place)


def _refuse_types(name: str, parameters: dict[str, Any], types: Sequence[str], place: str) -> None:
    """Refuse a type that is not the column's own, and numbers asked of a column that has none."""
    words = [*parameters.get("type_list", []), *([parameters["type_"]] if "type_" in parameters else [])]
    if words and not set(words) & set(TYPES[types[0]]):
        raise InvalidSpec(
            f"{place}: the type of the column is {types[0]}, not {' or '.join(words)}.", help="Change one."
        )
    if {"mean", "sum", "stdev"} & set(name.split("_")) and set(types) - {"integer", "number"}:
        raise InvalidSpec(f"{place}: the type of the column is {types[0]}.", help="The rule is for numbers.")
    if name == "expect_column_pair_values_a_to_be_greater_than_b" and "boolean" in types:
        raise InvalidSpec(f"{place}: true and false have no order.", help="Name columns of another type.")
    if (
        "column_A" in parameters
        and "value_pairs_set" not in parameters
        and len(set(types)) > 1
        and set(types) != {"integer", "number"}
    ):
        raise InvalidSpec(f"{place}: the types {' and '.join(types)} cannot be compared.", help="Name two alike.")
