"""Types of expressions."""

from __future__ import annotations

import pytest
from tests.features.expressions.trees import COLUMNS

from dragoman.errors import InvalidSpec
from dragoman.features.expressions import KINDS, Aggregate, Column, coalesce, col, count, hours_since, if_else, type_of

n, i, b, s, t = (col(name) for name in "nibst")


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        (i + i, "integer"),
        (i + n, "number"),
        (i / i, "number"),
        (n.round(), "integer"),
        (if_else(b, i, n), "number"),
        (coalesce(i, i, n), "number"),
        (s.length() > 3, "boolean"),
        (t.hour("Asia/Tokyo"), "integer"),
        (hours_since(t.max()), "number"),
        (count(), "integer"),
        (b.sum(), "integer"),
        (b.mean(), "number"),
        (i.sum(), "integer"),
        (n.std(), "number"),
        (s.distinct(), "integer"),
        (s.last(), "string"),
        (t.first(), "time"),
        (b.max(), "boolean"),
    ],
    ids=lambda one: getattr(one, "text", None),
)
def test_the_type_follows_from_the_columns(expression, wanted):
    assert type_of(expression, COLUMNS) == wanted


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        (col("nn").sum(), "no column 'nn'"),
        (s.sum(), "'sum' takes"),
        (t.mean(), "'mean' takes"),
        (count().where(n), "is of the type number"),
        (s + 1, "'add' in s + 1 is given (string, integer)"),
        (n.lower(), "It takes (string)"),
        (b < ~b, "It takes (integer, integer) or"),
        (s == 1, "is given (string, integer)"),
        (n % 2, "It takes (integer, integer)"),
        (i.is_in(["a"]), "[string]"),
        (s.bucket([1]), "'bucket'"),
        (if_else(n, 1, 2), "'if_else'"),
        (coalesce(s, i), "as often as you like"),
        (t - t, "'subtract'"),
        (hours_since(n.last()), "It takes (time)"),
        (Aggregate(kind="sum", of=Column(name="s")), "'sum' takes"),
    ],
    ids=lambda one: getattr(one, "text", None),
)
def test_what_does_not_fit_is_refused(expression, words):
    with pytest.raises(InvalidSpec) as caught:
        type_of(expression, COLUMNS)
    assert words in str(caught.value)


def test_an_unknown_column_is_refused_with_the_nearest():
    with pytest.raises(InvalidSpec, match="Did you mean 'amount'"):
        type_of(col("amuont"), {"amount": "number", "plan": "string"})


@pytest.mark.parametrize("kind", KINDS)
def test_every_aggregate_has_a_type(kind):
    assert type_of(Aggregate(kind=kind, of=Column(name="i")), COLUMNS) in {"integer", "number"}
