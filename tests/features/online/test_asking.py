from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.features.online.world import applied, bits, by_definition, event, moment, pushed, source_of, view_of
from tests.services.redis_server import redis_is_here, running_redis

from dragoman.errors import InvalidRequest, NotFound, Unavailable, Untrusted
from dragoman.features import Entity, View, count
from dragoman.features.online import Asked, OnlineFeatures, materialize, push
from dragoman.features.online.marks import MARKS, namespace_of
from dragoman.store.memory_online import MemoryOnline
from dragoman.store.online import OnlineStore, Row, open_online

EVENTS = [event("a", at=1, order=1), event("b", at=2, order=2), event("a", at=3, order=3)]


class Counting(MemoryOnline):
    """A store that counts how often it is asked."""

    trips = 0

    def rows(self, pairs: Any) -> Any:
        self.trips += 1
        return super().rows(pairs)  # `read` asks for them too


def two_views(store: OnlineStore) -> OnlineFeatures:
    """`shop` and `visits`, both over the same events."""
    first = view_of()
    second = View("visits", entity=first.entity, source=first.source, features={"n": count()}, owner="a")
    for view in (first, second):
        materialize(applied(view), source_of(EVENTS), store, now=moment(9))
    return OnlineFeatures(store, [applied(first), applied(second)])


def test_several_views_and_keys_are_answered_at_once_in_their_order() -> None:
    features = two_views(MemoryOnline())

    found = features.get([Asked(["visits", "shop"], "b"), Asked(["visits"], "a"), Asked([], "a")], now=moment(9))

    assert found[0].values["visits.n"] == 1
    assert bits(found[0].values | {"visits.n": 1}) == by_definition(view_of(), EVENTS, "b", 9) | {
        "visits.n": ("int", 1)
    }
    assert found[1].values == {"visits.n": 2}
    assert (found[2].values, found[2].known) == ({}, {})


def test_everything_is_read_in_one_round_trip() -> None:
    store = Counting()
    features = two_views(store)
    features.get([Asked(["shop", "visits"], "a")], now=moment(9))  # learns which generations serve
    store.trips = 0

    features.get([Asked(["shop", "visits"], key) for key in ("a", "b", "nobody")], now=moment(9))

    assert store.trips == 1


def test_an_unknown_key_has_the_values_of_no_event_and_says_so() -> None:
    features = two_views(MemoryOnline())

    known, unknown, none = features.get(
        [Asked(["shop"], "a"), Asked(["shop"], "q"), Asked(["shop"], {"customer": None})]
    )

    assert bits(unknown.values) == by_definition(view_of(), [], "q", 9)
    assert (unknown.values["shop.orders"], unknown.values["shop.spent"]) == (0, None)
    assert [one.known for one in (known, unknown, none)] == [{"shop": True}, {"shop": False}, {"shop": False}]


def test_ages_are_seconds_since_the_newest_available_time() -> None:
    store = MemoryOnline()
    features = two_views(store)
    (before,) = features.get([Asked(["shop", "visits"], "q")], now=moment(9))
    push(applied(view_of()), [pushed(event("a", at=4, late=1))], store, now=moment(5))

    (after,) = features.get([Asked(["shop", "visits"], "q")], now=moment(9))

    assert before.ages == {"shop": 6 * 3_600.0, "visits": 6 * 3_600.0}
    assert after.ages == {"shop": 4 * 3_600.0, "visits": 6 * 3_600.0}


def test_rows_that_know_no_event_have_no_age() -> None:
    store = MemoryOnline()
    materialize(applied(view_of()), source_of([]), store, now=moment(9))

    (found,) = OnlineFeatures(store, [applied(view_of())]).get([Asked(["shop"], "a")])

    assert found.ages == {"shop": None}


def test_a_new_generation_is_noticed() -> None:
    store = MemoryOnline()
    features = two_views(store)
    features.get([Asked(["shop"], "a")], now=moment(9))
    materialize(applied(view_of()), source_of([event("a", at=5)]), store, now=moment(9), full=True)

    (found,) = features.get([Asked(["shop"], "a")], now=moment(9))

    assert found.values["shop.orders"] == 1


def test_a_reader_whose_clock_is_behind_does_not_see_what_is_to_come() -> None:
    view, store = view_of(), MemoryOnline()
    events = [event("a", at=1, order=1), event("a", at=4, order=2)]
    materialize(applied(view), source_of(events), store, now=moment(9))

    (found,) = OnlineFeatures(store, [applied(view)]).get([Asked(["shop"], "a")], now=moment(3.9))

    assert bits(found.values) == by_definition(view, events, "a", 3.9)


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (1.5, "'customer' of the key is 1.5"),
        ({"other": 1}, "The key has 'other'"),
        ({}, "The key has nothing"),
        (["a"], r"'customer' of the key is \['a'\]"),
        ("\ud800", "half a character"),
    ],
)
def test_what_can_be_no_key_is_refused(key: Any, message: str) -> None:
    with pytest.raises(InvalidRequest, match=message):
        two_views(MemoryOnline()).get([Asked(["shop"], key)])


def test_one_value_is_no_key_of_several_columns() -> None:
    first = view_of()
    pair = Entity("pair", keys=["customer", "city"])
    view = View("shop", entity=pair, source=first.source, features={"n": count()}, owner="a")

    with pytest.raises(InvalidRequest, match=r"The key 'a' is one value.*'customer', 'city'"):
        OnlineFeatures(MemoryOnline(), [applied(view)]).get([Asked(["shop"], "a")])


def test_a_view_that_was_not_given_is_not_found() -> None:
    with pytest.raises(NotFound, match=r"no view 'other'.*'shop', 'visits'"):
        two_views(MemoryOnline()).get([Asked(["other"], "a")])


@pytest.mark.parametrize("place", ["mark", "row"])
def test_bytes_that_cannot_be_read_are_untrusted(place: str) -> None:
    store = MemoryOnline()
    features, view = two_views(store), applied(view_of())
    namespace, key = (MARKS, f"shop@{view.digest}") if place == "mark" else (namespace_of(view, 1), "a")
    store.put(namespace, {key: Row(msgspec.msgpack.encode("?"))})

    with pytest.raises(Untrusted, match="cannot be read"):
        features.get([Asked(["shop"], "a")])


def test_a_store_that_changes_all_the_time_is_unavailable() -> None:
    class Restless(MemoryOnline):
        def read(self, pairs: Any) -> Any:
            self.update([(MARKS, pairs[0][1])], lambda found: [self.next(found[0])])
            return super().read(pairs)

        def next(self, row: Row | None) -> Row:
            mark = msgspec.msgpack.decode(row.served) if row else {}
            return Row(msgspec.msgpack.encode(mark | {"generation": mark["generation"] + 1}))

    store, view = Restless(), applied(view_of())
    store.put(MARKS, {f"shop@{view.digest}": Row(msgspec.msgpack.encode({"generation": 1}))})

    with pytest.raises(Unavailable, match="change all the time"):
        OnlineFeatures(store, [view]).get([Asked(["shop"], "a")])


def test_sqlite_serves_what_memory_serves(tmp_path: Path) -> None:
    store = open_online("", tmp_path)
    asked = [Asked(["shop", "visits"], key) for key in ("a", "b", "q")]

    assert two_views(store).get(asked, now=moment(9)) == two_views(MemoryOnline()).get(asked, now=moment(9))
    store.close()


# Redis --------------------------------------------------------------------------------------------------------------


class Turns:
    """Passes bytes between a client and a server, and counts how often the client spoke after the server."""

    def __init__(self) -> None:
        self.count, self.last = 0, ""

    def note(self, who: str) -> None:
        self.count += who == "client" and self.last != "client"
        self.last = who


@contextmanager
def between(port: int) -> Iterator[tuple[int, Turns]]:
    """A port that leads to another one."""
    turns, listener = Turns(), socket.create_server(("127.0.0.1", 0))

    def carry(source: socket.socket, target: socket.socket, who: str) -> None:
        while data := source.recv(65_536):
            turns.note(who)
            target.sendall(data)
        with suppress(OSError):  # the other side may be gone
            target.shutdown(socket.SHUT_WR)

    def accept() -> None:
        client, _ = listener.accept()
        with client, socket.create_connection(("127.0.0.1", port)) as server:
            back = threading.Thread(target=carry, args=(server, client, "server"), daemon=True)
            back.start()
            carry(client, server, "client")
            back.join()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    with listener:
        yield listener.getsockname()[1], turns
    thread.join(timeout=10)


@pytest.mark.skipif(not redis_is_here(), reason="redis-server or redis-py is not installed")
def test_redis_is_asked_once_for_all_views_and_keys(tmp_path: Path) -> None:
    with running_redis() as url, between(int(url.rpartition(":")[2])) as (port, turns):
        store = open_online(f"redis://127.0.0.1:{port}", tmp_path)
        features = two_views(store)
        features.get([Asked(["shop"], "a")], now=moment(9))
        asked = [Asked(["shop", "visits"], key) for key in ("a", "b", "q")]
        features.get(asked, now=moment(9))
        before = turns.count

        found = features.get(asked, now=moment(9))

        assert turns.count == before + 1
        assert found == two_views(MemoryOnline()).get(asked, now=moment(9))
        store.close()
