"""Partial aggregates add up to the aggregate of all, in any order and in any parts."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.features.expressions.trees import COLUMNS, finite, integers, strings

from dragoman.features.expressions import KINDS, Aggregate, Column, Exact, partial_of, std_of, type_of

SOME = {"n": finite, "i": integers, "b": st.booleans(), "s": strings, "t": st.integers(0, 10**16)}
places = st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3))
some = settings(max_examples=30, deadline=None)


def aggregates() -> list[Aggregate]:
    every = [Aggregate(kind=kind, of=Column(name=name)) for kind in KINDS for name in SOME]
    return [one for one in every if one.kind not in {"sum", "mean", "std"} or one.of.name in "nib"]  # type: ignore[union-attr]


def once(aggregate: Aggregate, events: list[Any]) -> Any:
    partial = partial_of(aggregate, COLUMNS)()
    for value, at in events:
        partial.add(value, at)
    return partial


def stored(partial: Any, aggregate: Aggregate) -> Any:
    other = partial_of(aggregate, COLUMNS)()
    other.read(msgspec.msgpack.decode(msgspec.msgpack.encode(partial.to_state())))
    return other


@pytest.mark.parametrize("aggregate", aggregates(), ids=lambda one: f"{one.kind} of {one.of.name}")
def test_parts_add_up_to_all(aggregate):
    name = aggregate.of.name

    @settings(max_examples=8, deadline=None)
    @given(st.lists(st.tuples(st.none() | SOME[name], places), max_size=12), st.randoms(use_true_random=False))
    def adds_up(events, random):
        whole = once(aggregate, events)
        shuffled = random.sample(events, len(events))
        cuts = sorted(random.choices(range(len(events) + 1), k=3))
        parts = [shuffled[low:high] for low, high in zip([0, *cuts], [*cuts, len(events)], strict=True)]
        merged = stored(once(aggregate, parts[2]), aggregate)
        for part in (parts[0], parts[3], parts[1]):
            merged.merge(once(aggregate, part))
        assert repr(merged.finish()) == repr(whole.finish())
        assert merged.to_state() == whole.to_state()

    adds_up()


@some
@given(st.lists(finite, min_size=1, max_size=20))
def test_a_sum_is_the_nearest_float(values):
    total = once(Aggregate(kind="sum", of=Column(name="n")), [(value, (0, 0, 0)) for value in values]).finish()
    try:
        wanted = float(sum(map(Fraction, values)))
    except OverflowError:
        wanted = None
    assert total == wanted
    assert total is None or math.copysign(1, total) == 1 or total < 0


@some
@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=20))
def test_a_mean_is_the_nearest_sum_by_the_count(values):
    found = once(Aggregate(kind="mean", of=Column(name="n")), [(value, (0, 0, 0)) for value in values]).finish()
    assert found == math.fsum(values) / len(values)


@some
@given(st.lists(finite, min_size=1, max_size=20))
def test_a_deviation_is_that_of_the_population(values):
    found = once(Aggregate(kind="std", of=Column(name="n")), [(value, (0, 0, 0)) for value in values]).finish()
    exact = [Fraction(value) for value in values]
    mean = sum(exact) / len(exact)
    try:
        assert found == math.sqrt(float(sum((value - mean) ** 2 for value in exact) / len(exact)))
    except OverflowError:
        assert found is None


@some
@given(st.lists(integers, min_size=1, max_size=9))
def test_a_sum_of_integers_is_exact_or_null(values):
    found = once(Aggregate(kind="sum", of=Column(name="i")), [(value, (0, 0, 0)) for value in values]).finish()
    assert found == (sum(values) if -(2**63) <= sum(values) < 2**63 else None)


@pytest.mark.parametrize("aggregate", aggregates(), ids=lambda one: f"{one.kind} of {one.of.name}")
def test_nothing_is_0_where_it_is_counted_and_null_elsewhere(aggregate):
    found = once(aggregate, [(None, (0, 0, 0))]).finish()
    assert found == (0 if aggregate.kind in {"count", "distinct"} else None)


@pytest.mark.parametrize("aggregate", aggregates(), ids=lambda one: f"{one.kind} of {one.of.name}")
def test_a_value_has_the_type_that_was_said(aggregate):
    value = {"n": 1.5, "i": 2, "b": True, "s": "x", "t": 5}[aggregate.of.name]
    python = {"number": float, "integer": int, "boolean": bool, "string": str, "time": int}
    found = once(aggregate, [(value, (0, 0, 0))]).finish()
    assert type(found) is python[type_of(aggregate, COLUMNS)]


def test_the_last_one_is_of_the_greatest_time_then_available_then_row():
    events = [("a", (1, 9, 9)), ("b", (2, 1, 9)), ("d", (2, 2, 1)), ("c", (2, 2, 0)), (None, (3, 0, 0))]
    assert once(Aggregate(kind="last", of=Column(name="s")), events).finish() == "d"
    assert once(Aggregate(kind="first", of=Column(name="s")), events).finish() == "a"


def test_a_copy_is_its_own():
    aggregate = Aggregate(kind="distinct", of=Column(name="s"))
    one = once(aggregate, [("a", (0, 0, 0))])
    other = one.copy()
    other.add("b", (0, 0, 0))
    assert (one.finish(), other.finish()) == (1, 2)


def test_a_deviation_of_nothing_is_null():
    assert std_of(0, Exact(0, 0), Exact(0, 0)) is None
