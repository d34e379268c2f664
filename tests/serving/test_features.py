from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragoman.errors import DragomanError, InvalidRequest, Overloaded, Unavailable
from dragoman.records import FeatureColumn, RowInput, TextInput
from dragoman.serving import features as features_module
from dragoman.serving.features import Features, refuse_features
from dragoman.serving.lookup import FakeLookup, Found, Wanted
from dragoman.serving.table_fakes import FAKE_COLUMNS, VIEW_COLUMNS

pytestmark = pytest.mark.anyio
NOW = 1_795_427_393.117776
ROWS = {"orders": {"c-1": {"count_30d": 3, "last": "pen"}, "c-2": {"count_30d": 0, "last": None}}}


def looked_up(**changes: Any) -> tuple[Features, FakeLookup]:
    lookup = FakeLookup(ROWS, **changes)
    return Features(VIEW_COLUMNS, lookup, clock=lambda: NOW), lookup


def test_every_column_is_served_in_the_order_of_the_model_and_what_is_not_given_is_none() -> None:
    (served,) = Features(FAKE_COLUMNS).serve([RowInput(features={"plan": "gold"}, key="c-1")])
    assert list(served.features.items()) == [("age", None), ("plan", "gold")]
    assert (served.key, served.time) == ("c-1", "")


def test_features_of_views_are_found_by_key_in_one_question_at_one_time() -> None:
    features, lookup = looked_up()
    first, second = features.serve([RowInput(features={"age": 41}, key="c-1"), TextInput(text="hi", key="c-2")])
    assert first.features == {"age": 41, "plan": None, "orders.count_30d": 3, "orders.last": "pen"}
    assert second.features == {"age": None, "plan": None, "orders.count_30d": 0, "orders.last": None}
    assert first.time == second.time == "2026-11-23T09:49:53.117776+00:00"
    assert lookup.asked == [([Wanted(("orders",), "c-1"), Wanted(("orders",), "c-2")], round(NOW * 1_000_000))]


def test_what_the_caller_gives_comes_before_what_the_store_says_and_null_counts_as_given() -> None:
    features, _ = looked_up()
    given = {"orders.count_30d": 99}
    assert features.serve([RowInput(features=given, key="c-1")])[0].features["orders.count_30d"] == 99
    assert features.serve([RowInput(features={"orders.last": None}, key="c-1")])[0].features["orders.last"] is None


def test_who_gives_every_feature_of_a_view_needs_no_key_and_nothing_is_looked_up() -> None:
    features, lookup = looked_up()
    (served,) = features.serve([RowInput(features={"orders.count_30d": 1, "orders.last": None})])
    assert (served.features["orders.count_30d"], served.time, lookup.asked) == (1, "", [])


def test_an_entity_that_the_store_does_not_know_is_answered() -> None:
    features, _ = looked_up()
    assert features.serve([RowInput(key="c-9")])[0].features["orders.last"] is None


def test_a_key_that_is_missing_is_refused_with_both_ways_out() -> None:
    features, lookup = looked_up()
    with pytest.raises(InvalidRequest, match="Input 1 has no key; the model reads orders") as caught:
        features.serve([RowInput(key="c-1"), RowInput(features={"orders.last": "pen"})])
    assert '"key"' in caught.value.help
    assert '"features"' in caught.value.help
    assert lookup.asked == []


@pytest.mark.parametrize(
    ("given", "message", "help"),
    [
        ({"agee": 1}, "Input 0 has an unknown column 'agee'", "'age'"),
        ({"age": True}, "The column 'age' of input 0 is of type bool, not a number", "null"),
        ({"age": "41"}, "The column 'age' of input 0 is of type str, not a number", "null"),
        ({"age": float("nan")}, "The column 'age' of input 0 is nan", "null"),
        ({"age": float("-inf")}, "The column 'age' of input 0 is -inf", "null"),
        ({"age": 2**63}, "more than 64 bits", "null"),
        ({"plan": 0.5}, "The column 'plan' of input 0 is 0.5, not a whole number", "null"),
        ({"plan": ["gold"]}, "The column 'plan' of input 0 is of type list", "null"),
        ({"plan": "x" * 1_001}, "The column 'plan' of input 0 has 1001 characters; at most 1000", "null"),
        ({"plan": "\ud800"}, "The column 'plan' of input 0 has half of a surrogate pair", "null"),
        (dict.fromkeys(map(str, range(10_000)), 1), "Input 0 has an unknown column '0'", "age, plan"),
    ],
)
def test_a_wrong_value_is_refused_by_column_and_input(given: dict[str, Any], message: str, help: str) -> None:
    with pytest.raises(InvalidRequest, match=message) as caught:
        Features(FAKE_COLUMNS).serve([RowInput(features=given)])
    assert help in caught.value.help


@pytest.mark.parametrize(
    "given", [{"age": 41}, {"age": 4.5}, {"plan": "new"}, {"plan": True}, {"plan": 7}, {"plan": 7.0}]
)
def test_a_value_that_training_could_have_had_is_taken_as_it_is(given: dict[str, Any]) -> None:
    (served,) = Features(FAKE_COLUMNS).serve([RowInput(features=given)])
    assert {name: value for name, value in served.features.items() if value is not None} == given


@pytest.mark.parametrize("given", [{}, {"age": None}])
def test_a_column_that_is_required_must_have_a_value(given: dict[str, Any]) -> None:
    features = Features([FeatureColumn(name="age", kind="number", required=True)])
    with pytest.raises(InvalidRequest, match="Input 1 has no 'age'"):
        features.serve([RowInput(features={"age": 0}), RowInput(features=given)])


class Broken:
    waits = False

    def __init__(self, outcome: Any) -> None:
        self.outcome = outcome

    def find(self, asked: Sequence[Wanted], now: int) -> Sequence[Found]:
        if isinstance(self.outcome, Exception):
            raise self.outcome
        found: Sequence[Found] = self.outcome
        return found


@pytest.mark.parametrize(
    ("outcome", "message"),
    [
        (OSError("secret host"), "The features cannot be looked up now"),
        ([], "gave 0 answers for 1 keys"),
        ([Found({"orders.count_30d": 1})], "'orders.last' is not a feature of its view any more"),
        ([Found({})], "'orders.count_30d' is not in the store"),
        ([Found({"orders.count_30d": "many", "orders.last": None})], "'orders.count_30d' is of type str"),
    ],
)
def test_a_store_that_fails_is_unavailable_and_says_nothing_internal(outcome: Any, message: str) -> None:
    with pytest.raises(Unavailable, match=message) as caught:
        Features(VIEW_COLUMNS, Broken(outcome)).serve([RowInput(key="c-1")])
    assert "secret" not in str(caught.value)


def test_what_the_store_refuses_is_told_as_it_is() -> None:
    refusal = InvalidRequest("The key has no 'shop'.", help="send it.")
    with pytest.raises(InvalidRequest, match="no 'shop'"):
        Features(VIEW_COLUMNS, Broken(refusal)).serve([RowInput(key="c-1")])


def test_without_a_store_features_must_be_given() -> None:
    with pytest.raises(Unavailable, match="no online store here"):
        Features(VIEW_COLUMNS).serve([RowInput(key="c-1")])


def test_a_model_without_features_refuses_them_and_a_key() -> None:
    refuse_features([TextInput(text="a"), TextInput(text="a", features={})], "support")
    for one in (TextInput(text="a", features={"age": None}), TextInput(text="a", key=1)):
        with pytest.raises(InvalidRequest, match=r"Input 1 has .*; the model 'support' reads no features"):
            refuse_features([TextInput(text="a"), one], "support")


def test_a_text_is_known_if_training_has_seen_it() -> None:
    features = Features(FAKE_COLUMNS)
    assert [features.knows("plan", value) for value in ("gold", "ada@example.com", 7, None)] == [
        True,
        False,
        True,
        True,
    ]


async def test_work_that_waits_for_a_store_is_done_aside_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features_module, "MOST_WAITING", 1)
    features, gate = looked_up(waits=True)[0], threading.Event()
    first = asyncio.ensure_future(features.aside(lambda: gate.wait(10)))
    await asyncio.sleep(0)
    with pytest.raises(Overloaded, match="1 requests wait for their features"):
        await features.aside(gate.wait)
    gate.set()
    assert await first
    assert features.waits
    features.close()


JSON_LIKE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(["age", "plan", "orders.last", "\ud800"]), JSON_LIKE, max_size=4))
@settings(max_examples=200, deadline=None)
def test_any_values_are_served_as_json_can_carry_them_or_refused_on_purpose(given: dict[str, Any]) -> None:
    features, _ = looked_up()
    try:
        (served,) = features.serve([RowInput(features=given, key="c-1")])
    except DragomanError as error:
        assert error.help
        str(error).encode()
    else:
        assert msgspec.json.decode(msgspec.json.encode(served.features)).keys() == {one.name for one in VIEW_COLUMNS}
