"""Online values are those of the definition, whenever they are asked, however the events came."""

from __future__ import annotations

from typing import Any

from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st
from tests.features.online.world import (
    EVENTS,
    FEATURES,
    applied,
    by_definition,
    moment,
    online,
    pushed,
    source_of,
    view_of,
)

from dragoman.features.online import materialize, push
from dragoman.store.memory_online import MemoryOnline

LATER = st.lists(st.sampled_from([0, 0.25, 1, 2, 3, 4.5, 5, 6, 7, 12, 40]), min_size=1, max_size=4)
STREAMS = st.lists(EVENTS, max_size=12)
WITH_IDS = st.booleans()
TTL = st.sampled_from([None, "3h"])


def known(one: dict[str, Any]) -> float:
    return max(one["at"], one["at"] + one["late"])


def arrival(one: dict[str, Any]) -> float:
    return one["at"] + one["late"]


@settings(max_examples=35)
@drawn(events=STREAMS, at=st.sampled_from([-1, 0, 2, 4, 8, 20]), later=LATER, ids=WITH_IDS, ttl=TTL)
def test_materialized_values_are_those_of_the_definition_at_every_later_moment(
    events: Any, at: float, later: Any, ids: Any, ttl: Any
) -> None:
    view, store = view_of(id=ids, ttl=ttl), MemoryOnline()

    materialize(applied(view), source_of(events), store, now=moment(at))

    for hours in later:
        for key in ("a", "nobody"):
            assert online(view, store, key, at + hours) == by_definition(view, events, key, at + hours)


@settings(max_examples=35)
@drawn(events=STREAMS, later=LATER, ids=WITH_IDS, ttl=TTL)
def test_pushed_values_are_those_of_the_definition_after_every_event(
    events: Any, later: Any, ids: Any, ttl: Any
) -> None:
    view, store, seen = view_of(id=ids, ttl=ttl), MemoryOnline(), list[Any]()
    for one in sorted(events, key=arrival):
        seen.append(one)
        push(applied(view), [pushed(one)], store, now=moment(arrival(one)))
        assert online(view, store, "a", arrival(one)) == by_definition(view, seen, "a", arrival(one))
    for hours in later if seen else ():
        at = arrival(seen[-1]) + hours
        assert online(view, store, "a", at) == by_definition(view, seen, "a", at)


@settings(max_examples=25)
@drawn(events=STREAMS, order=st.randoms(use_true_random=False), ids=WITH_IDS)
def test_events_that_are_pushed_in_any_order_and_again_give_the_same_values(events: Any, order: Any, ids: Any) -> None:
    view, store = view_of(id=True), MemoryOnline()
    numbered = [{**one, "order": number} for number, one in enumerate(events)] if ids else events
    if not ids:  # versions of one event happened at one time
        times: dict[Any, float] = {}
        numbered = [{**one, "at": times.setdefault((one["customer"], one["order"]), one["at"])} for one in events]
        numbered = [{**one, "order": one["order"] or 9} for one in numbered]
    shuffled = [one for one in numbered for _ in range(order.randint(1, 2))]
    order.shuffle(shuffled)
    for one in shuffled:
        push(applied(view), [pushed(one)], store, now=moment(30))

    unique = list({repr(one): one for one in shuffled}.values())
    last = list({(one["customer"], one["order"], arrival(one)): one for one in shuffled}.values())
    if shuffled and len(last) == len(unique):  # else the order of arrival decides
        assert online(view, store, "a", 31) == by_definition(view, sort_ties(shuffled), "a", 31)


def sort_ties(events: list[Any]) -> list[Any]:
    """Each event once, where it came first."""
    return list({repr(one): one for one in events}.values())


@settings(max_examples=25)
@drawn(events=STREAMS, cut=st.integers(0, 12), later=LATER, ids=WITH_IDS)
def test_events_pushed_after_materializing_and_then_in_the_source_count_once(
    events: Any, cut: int, later: Any, ids: Any
) -> None:
    view, store = view_of(id=ids), MemoryOnline()
    stream = [{**one, "order": number if ids else None} for number, one in enumerate(sorted(events, key=arrival))]
    materialize(applied(view), source_of(stream[:cut]), store, now=moment(30))
    for one in stream[cut:]:
        push(applied(view), [pushed(one)], store, now=moment(30))
    assert not stream or online(view, store, "a", 30) == by_definition(view, stream, "a", 30)

    materialize(applied(view), source_of(stream), store, now=moment(31))

    for hours in later:
        assert online(view, store, "a", 31 + hours) == by_definition(view, stream, "a", 31 + hours)


def test_the_view_of_these_tests_has_every_aggregate_with_a_window_and_without() -> None:
    kinds = {(one.kind, one.window is None) for one in view_of().aggregates}

    assert {kind for kind, _ in kinds} == {"count", "sum", "mean", "std", "min", "max", "first", "last", "distinct"}
    assert len(FEATURES) > 50
