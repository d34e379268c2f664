from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.features.online.world import (
    FEATURES,
    applied,
    by_definition,
    event,
    moment,
    online,
    pushed,
    source_of,
    view_of,
)
from tests.services.redis_server import redis_is_here, running_redis

from dragoman.errors import InvalidData
from dragoman.features import Entity, Events, View, col, count
from dragoman.features.online import Asked, OnlineFeatures, materialize, push, watermark
from dragoman.store.memory_online import MemoryOnline
from dragoman.store.online import OnlineStore, open_online

needs_redis = pytest.mark.skipif(not redis_is_here(), reason="redis-server or redis-py is not installed")


def orders_of(store: OnlineStore, view: View, key: str = "a", hours: float = 9) -> Any:
    return online(view, store, key, hours)["shop.orders"][1]


def test_a_pushed_event_counts_at_once() -> None:
    view, store = view_of(), MemoryOnline()

    told = push(applied(view), [pushed(event("a", at=1, late=2, order=1))], store, now=moment(4))

    assert (told.events, told.keys, told.repeated, told.available) == (1, 1, 0, moment(3))
    assert online(view, store, "a", 4) == by_definition(view, [event("a", at=1, late=2, order=1)], "a", 4)


def test_a_view_of_pushed_events_only_has_a_watermark() -> None:
    view, store = view_of(), MemoryOnline()
    push(applied(view), [pushed(event("a", at=1, late=2))], store, now=moment(4))

    mark = watermark(applied(view), store)

    assert mark
    assert (mark.available, mark.written) == ("2026-01-01T03:00:00Z", "2026-01-01T04:00:00Z")


def test_an_event_with_an_id_that_is_pushed_again_changes_nothing() -> None:
    view, store = view_of(), MemoryOnline()
    events = [pushed(event("a", at=1, order=1)), pushed(event("a", at=2, order=2))]
    push(applied(view), events, store, now=moment(4))
    before = store.rows([(f"shop@{view.digest}/1", "a")])

    told = push(applied(view), [*events, events[0]], store, now=moment(5))

    assert told.repeated == 3
    assert store.rows([(f"shop@{view.digest}/1", "a")]) == before


def test_an_event_without_an_id_counts_each_time() -> None:
    view, store = view_of(id=False), MemoryOnline()

    push(applied(view), [pushed(event("a", at=1))] * 3, store, now=moment(4))

    assert orders_of(store, view) == 3


def test_a_correction_counts_instead_of_what_it_corrects() -> None:
    view, store = view_of(), MemoryOnline()
    first, second = event("a", at=1, order=1, amount=5.0), event("a", at=1, late=1, order=1, amount=7.0)

    push(applied(view), [pushed(second), pushed(first)], store, now=moment(4))

    assert online(view, store, "a", 4)["shop.spent"] == by_definition(view, [second], "a", 4)["shop.spent"]


def test_an_event_whose_available_time_is_missing_is_available_now() -> None:
    view, store = view_of(), MemoryOnline()
    one = {**pushed(event("a", at=1, order=1)), "known": None}

    assert push(applied(view), [one], store, now=moment(4)).available == moment(4)


def test_times_may_be_datetimes_of_any_zone() -> None:
    view, store = view_of(), MemoryOnline()
    at = datetime(2026, 1, 1, 3, tzinfo=UTC).astimezone(tz=None) + timedelta(0)

    push(applied(view), [{"customer": "a", "at": at, "known": at}], store, now=moment(4))

    assert (orders_of(store, view, hours=3), orders_of(store, view, hours=2.9)) == (1, 0)


def test_an_event_of_the_future_counts_when_it_comes() -> None:
    view, store = view_of(), MemoryOnline()

    push(applied(view), [pushed(event("a", at=8, late=-6, order=1))], store, now=moment(4))

    assert [orders_of(store, view, hours=hours) for hours in (4, 7.9, 8, 11)] == [0, 0, 1, 1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"customer": None}, "Event 2: the key 'customer' is missing"),
        ({"at": None}, "Event 2: the time 'at' is missing"),
        ({"at": 5}, "Event 2: 5 is no time"),
        ({"at": "soon"}, "Event 2: 'soon' is no time"),
        ({"amount": "much"}, "Event 2: The column 'amount' is 'much', which is no number"),
        ({"customer": 1.5}, "Event 2: 'customer' of the key is 1.5"),
        ({"order": 1.5}, "Event 2: 'order' of the key is 1.5"),
    ],
)
def test_an_event_that_cannot_be_read_is_told_by_its_number_and_none_is_written(change: Any, message: str) -> None:
    store = MemoryOnline()
    events = [pushed(event("a", order=1)), {**pushed(event("b", order=2)), **change}]

    with pytest.raises(InvalidData, match=message):
        push(applied(view_of()), events, store)
    assert store.namespaces() == []


def test_no_event_writes_nothing() -> None:
    store = MemoryOnline()

    assert push(applied(view_of()), [], store) == (0, 0, 0, None)
    assert store.namespaces() == []


@pytest.mark.parametrize("kind", ["memory", "sqlite", pytest.param("redis", marks=needs_redis)])
def test_those_who_push_at_once_lose_no_event(kind: str, tmp_path: Path) -> None:
    def run(store: OnlineStore) -> None:
        def send(first: int) -> None:
            for number in range(first, first + 10):
                push(applied(view), [pushed(event(key, at=1, order=number)) for key in "ab"], store, now=moment(4))

        threads = [threading.Thread(target=send, args=(100 * number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [orders_of(store, view, key) for key in "ab"] == [40, 40]

    view = view_of({"orders": FEATURES["orders"]})
    if kind == "redis":
        with running_redis() as url:
            run(open_online(url, tmp_path))
    else:
        run(MemoryOnline() if kind == "memory" else open_online("", tmp_path))


def test_what_lies_behind_every_window_is_dropped() -> None:
    view, store = view_of({"n": count().over("2h"), "last": col("city").last().over("3h")}), MemoryOnline()
    sizes = []
    for number in range(60):
        push(applied(view), [pushed(event("a", at=number / 2, order=number))], store, now=moment(number / 2))
        sizes.append(sum(map(len, store.rows([(f"shop@{view.digest}/1", "a")])[0] or ())))

    assert max(sizes[30:]) <= max(sizes[:30])


def test_without_ids_old_events_are_added_up_and_not_kept() -> None:
    entity, source = Entity("customer", keys=["customer"]), Events(files="a.csv", time="at")
    features = {"n": count(), "sum": col("amount").sum(), "std": col("amount").std(), "first": col("city").first()}
    view = View("shop", entity=entity, source=source, features=features, owner="a")
    events = [event("a", at=n / 100, amount=0.1 * n, city=f"c{n % 7}") for n in range(2_000)]
    store = MemoryOnline()

    materialize(applied(view), source_of(events), store, now=moment(30))

    (row,) = store.rows([(f"shop@{view.digest}/1", "a")])
    assert row
    assert len(row.served) + len(row.kept) < 1_000
    assert online(view, store, "a", 30) == by_definition(view, events, "a", 30)


def test_times_among_the_columns_are_read_as_times() -> None:
    entity, source = Entity("customer", keys=["customer"]), Events(files="a.csv", time="at")
    view = View("shop", entity=entity, source=source, features={"when": col("known").max()}, owner="a")
    store = MemoryOnline()

    push(applied(view), [pushed(event("a", at=1, late=2))], store, now=moment(4))

    (found,) = OnlineFeatures(store, [applied(view)]).get([Asked(["shop"], "a")], now=moment(4))
    assert found.values == {"shop.when": "2026-01-01T03:00:00Z"}
