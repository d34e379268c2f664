"""Expressions of every function give online what the definition says, inside of aggregates and outside."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.features.expressions.trees import ARROW, COLUMNS, INNER, VALUES, calls, nodes
from tests.features.offline.world import TIME, EventsInMemory
from tests.features.online.world import bits
from tests.features.oracle import values_as_of

from dragoman.features import Entity, Events, Expression, View
from dragoman.features.expressions import FUNCTIONS, KINDS, Aggregate, Node, aggregates_of
from dragoman.features.expressions.types import LEAST_TIME, MOST_TIME
from dragoman.features.online import Asked, OnlineFeatures, materialize, push
from dragoman.features.times import SECOND, text_of
from dragoman.records import AppliedView
from dragoman.store.memory_online import MemoryOnline

HOUR = 3_600 * SECOND
TYPES: dict[str, Any] = {**COLUMNS, "key": "string", "at": "time"}
few = settings(max_examples=4, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
VALUE_ROWS = st.fixed_dictionaries({name: st.none() | VALUES[kind] for name, kind in COLUMNS.items()})
EVENTS = st.lists(st.tuples(st.integers(0, 6), VALUE_ROWS), min_size=1, max_size=6)
NUMBERS = ("sum", "mean", "std")
OUTER: dict[Any, list[Node]] = {
    kind: [Aggregate(kind=one, of=column, window=2 * HOUR) for column in columns for one in ("last", "max")]
    for kind, columns in INNER.items()
}


@st.composite
def features(draw: Any, name: str) -> Node:
    """A feature with the function inside of an aggregate, or outside of some."""
    overload = draw(st.sampled_from(FUNCTIONS[name].overloads))
    if FUNCTIONS[name].outside or draw(st.booleans()):
        node = draw(calls(name, overload, OUTER, 1))
        return node if aggregates_of(node) else Aggregate(kind="count")
    of, gives = draw(calls(name, overload, INNER, 1)), overload.gives
    kinds = [kind for kind in KINDS if kind not in NUMBERS or gives in ("number", "integer", "boolean")]
    where = draw(st.none() | nodes("boolean", INNER, 1))
    window = draw(st.sampled_from([None, HOUR, 3 * HOUR]))
    return Aggregate(kind=draw(st.sampled_from(kinds)), of=of, where=where, window=window)


def applied(view: View) -> AppliedView:
    schema = pa.schema([("key", pa.string()), ("at", TIME), *((name, ARROW[kind]) for name, kind in COLUMNS.items())])
    return AppliedView(
        name="view",
        digest=view.digest,
        definition=view.definition(),
        columns=view.columns(schema),
        types={name: TYPES[name] for name in view.columns_read},
        owner="a",
        applied="",
        by="",
    )


def event(hour: int, values: dict[str, Any]) -> dict[str, Any]:
    """A row of the source; moments that no datetime has are none."""
    moment = values["t"]
    is_one = moment is not None and LEAST_TIME <= moment <= MOST_TIME
    return {**values, "t": moment if is_one else None, "key": "a", "at": hour * HOUR}


def wanted(view: View, rows: list[dict[str, Any]], now: int) -> Any:
    found = values_as_of(view, rows, TYPES, ["a"], now)
    times = [one.name for one in applied(view).columns if one.type == "time"]
    shown = {name: text_of(one) if name in times and one is not None else one for name, one in found.items()}
    return bits({f"view.{name}": value for name, value in shown.items()})


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
@few
@given(data=st.data(), events=EVENTS, later=st.integers(0, 4))
def test_every_function_gives_online_what_the_definition_says(name: str, data: Any, events: Any, later: int) -> None:
    node = data.draw(features(name))
    source = Events(files="a.csv", time="at")
    view = View("view", entity=Entity("e", keys=["key"]), source=source, features={"f": Expression(node)}, owner="a")
    rows = [event(hour, values) for hour, values in sorted(events, key=lambda one: one[0])]
    table = pa.table({column: pa.array([row[column] for row in rows], ARROW[kind]) for column, kind in TYPES.items()})
    made, sent, now = MemoryOnline(), MemoryOnline(), (6 + later) * HOUR

    materialize(applied(view), EventsInMemory(table), made, now=6 * HOUR)
    shown = [{**row, "at": text_of(row["at"]), "t": None if row["t"] is None else text_of(row["t"])} for row in rows]
    push(applied(view), shown, sent, now=6 * HOUR)

    for store in (made, sent):
        (found,) = OnlineFeatures(store, [applied(view)]).get([Asked(["view"], "a")], now=now)
        assert bits(found.values) == wanted(view, rows, now)
