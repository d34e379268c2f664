"""Building expressions, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dragoman.errors import InvalidSpec
from dragoman.features.expressions import (
    Aggregate,
    Column,
    aggregates_of,
    coalesce,
    col,
    count,
    hours_since,
    if_else,
    lit,
    require_feature,
)


def test_equal_aggregates_are_one():
    expression = col("a").sum().over("7d") / col("a").sum().over("1w") + count()
    assert aggregates_of(expression) == [
        Aggregate(kind="sum", of=Column(name="a"), window=604_800_000_000),
        Aggregate(kind="count"),
    ]


def test_columns_are_named_once_in_their_order():
    assert (col("b").sum().where(col("a") > 1) / col("b").mean()).columns == ["b", "a"]


def test_two_conditions_are_both_asked():
    twice = count().where(col("a") > 1).where(col("b") < 2)
    assert twice.node == count().where((col("a") > 1) & (col("b") < 2)).node


def test_constants_stand_on_either_side():
    assert (1 - col("a")).text == "1 - a"
    assert (col("a") - 1).text == "a - 1"
    assert (2 // col("a") % 3).text == "(2 // a) % 3"


def test_a_time_without_a_zone_is_in_utc():
    moment = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert lit(moment.replace(tzinfo=None)).node == lit(moment).node


def test_minus_zero_is_zero():
    assert lit(-0.0).text == "0.0"


def test_an_expression_cannot_be_changed():
    with pytest.raises(AttributeError, match="cannot be changed"):
        col("a").node = col("b").node


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: bool(col("a") > 1), "Write & for 'and'"),
        (lambda: col("a") > 1 and col("b") > 1, "Write & for 'and'"),
        (lambda: 1 < col("a") < 2, "Write & for 'and'"),
        (lambda: col("a") in [1, 2], "is_in"),
        (lambda: 1 in col("a"), "is_in"),
        (lambda: col("a").sum().mean(), "inside of 'mean'"),
        (lambda: count().where(col("a").sum() > 1), "inside of 'count'"),
        (lambda: (col("a").sum() + 1).over("7d"), "which is no aggregate"),
        (lambda: col("a").where(col("b")), "which is no aggregate"),
        (lambda: col("a").over("7d"), "which is no aggregate"),
        (lambda: count().over("7d").over("8d"), "has a window"),
        (lambda: count().over("7 days"), "7 days"),
        (lambda: count().over(7), "The window is 7"),
        (lambda: col("a").sum() + col("b"), "'b' stands beside an aggregate"),
        (lambda: hours_since(col("t")).mean(), "'hours_since' stands inside of 'mean'"),
        (lambda: col("a") == None, "is_null"),  # noqa: E711
        (lambda: col("a") + float("nan"), "nan"),
        (lambda: col("a") + 2**63, "64 bits"),
        (lambda: col("a") == "\ud800", "cannot stand"),
        (lambda: lit([1]), "list"),
        (lambda: col(""), "''"),
        (lambda: col(3), "3"),
        (lambda: coalesce(col("a")), "1 arguments"),
        (lambda: col("a").is_in([]), "one type"),
        (lambda: col("a").is_in([1, "b"]), "one type"),
        (lambda: col("a").bucket([2, 1]), "ascending"),
        (lambda: col("a").bucket(["x"]), "Give numbers"),
        (lambda: col("a").bucket([True]), "Give numbers"),
        (lambda: col("t").hour("Europe/Berlyn"), "Did you mean 'Europe/Berlin'"),
        (lambda: col("t").hour("../../etc/passwd"), "no time zone"),
        (lambda: round(col("a"), 2), "Only integers"),
        (lambda: if_else(col("a"), None, 1), "None"),
        (lambda: require_feature(col("a") + 1), "no aggregate"),
        (lambda: require_feature(lit(1)), "no aggregate"),
    ],
)
def test_wrong_use_is_refused_with_what_to_do(build, words):
    with pytest.raises(InvalidSpec) as caught:
        build()
    assert words in str(caught.value)
    assert caught.value.help


def test_too_many_levels_are_refused():
    expression = col("a")
    with pytest.raises(InvalidSpec, match="60 levels"):
        for _ in range(61):
            expression = expression + 1


def test_too_many_parts_are_refused():
    expression = col("a")
    with pytest.raises(InvalidSpec, match="5000 parts"):
        for _ in range(20):
            expression = expression + expression
