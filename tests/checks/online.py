"""What every online store keeps, as a list of checks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from dragoman.errors import InvalidInput
from dragoman.store.online import OnlineStore, Row
from dragoman.store.online_rows import BATCH

__all__ = ["ONLINE_CHECKS"]

VIEW = "customers@d1.1"
ODD_KEYS = ("", " ", "नमस्ते", "🙂\n", "nul\0", "a" * 2_000, "%s'\";--", "*[a-z]?", "\u202e")
HALF = "\ud800"


def rows(count: int) -> dict[str, Row]:
    return {f"c-{number}": Row(b"served %d" % number, b"kept %d" % number) for number in range(count)}


def a_row_that_was_put_is_read(store: OnlineStore) -> None:
    store.put(VIEW, rows(3))
    assert store.read([(VIEW, "c-1")]) == [b"served 1"]
    assert store.rows([(VIEW, "c-1")]) == [Row(b"served 1", b"kept 1")]


def pairs_are_answered_in_their_order(store: OnlineStore) -> None:
    store.put(VIEW, rows(2))
    store.put("other", {"c-1": Row(b"other")})
    asked = [("other", "c-1"), (VIEW, "c-1"), (VIEW, "c-1"), (VIEW, "c-0"), ("other", "c-0"), ("nobody", "c-1")]
    assert store.read(asked) == [b"other", b"served 1", b"served 1", b"served 0", None, None]
    assert store.read([]) == []


def more_pairs_than_a_statement_holds_are_read(store: OnlineStore) -> None:
    count = 2 * BATCH + 1
    store.put(VIEW, rows(count))
    assert store.read([(VIEW, f"c-{number}") for number in range(count)]) == [
        row.served for row in rows(count).values()
    ]


def a_row_that_is_put_again_is_replaced(store: OnlineStore) -> None:
    store.put(VIEW, {"a": Row(b"1", b"long ago"), "b": Row(b"1")})
    store.put(VIEW, {"a": Row(b"2")})
    assert store.rows([(VIEW, "a"), (VIEW, "b")]) == [Row(b"2"), Row(b"1")]


def keys_may_be_any_text_and_values_any_bytes(store: OnlineStore) -> None:
    values = {key: Row(bytes(range(256)), key.encode()) for key in ODD_KEYS}
    store.put(VIEW, values)
    assert store.rows([(VIEW, key) for key in ODD_KEYS]) == [*values.values()]
    assert {key for some in store.keys(VIEW) for key in some} == {*ODD_KEYS}


def a_large_row_comes_back(store: OnlineStore) -> None:
    store.put(VIEW, {"a": Row(b"x" * 3_000_000, b"y" * 5_000_000)})
    assert store.rows([(VIEW, "a")]) == [Row(b"x" * 3_000_000, b"y" * 5_000_000)]


def half_a_character_is_refused_when_written_and_not_found_when_read(store: OnlineStore) -> None:
    with pytest.raises(InvalidInput, match="half a character"):
        store.put(VIEW, {"good": Row(b"1"), HALF: Row(b"1")})
    with pytest.raises(InvalidInput, match="half a character"):
        store.update([(VIEW, HALF)], lambda found: [Row(b"1")])
    assert store.read([(VIEW, "good"), (VIEW, HALF), (HALF, "good")]) == [None, None, None]


def a_change_sees_what_is_there_and_replaces_it(store: OnlineStore) -> None:
    store.put(VIEW, {"a": Row(b"1", b"k")})
    seen: list[list[Row | None]] = []

    def change(found: list[Row | None]) -> list[Row | None]:
        seen.append(found)
        return [None, Row(b"2", b"l"), found[2]]

    store.update([(VIEW, "a"), ("other", "b"), (VIEW, "c")], change)
    assert seen == [[Row(b"1", b"k"), None, None]]
    assert store.read([(VIEW, "a"), ("other", "b"), (VIEW, "c")]) == [None, b"2", None]


def a_change_that_fails_writes_nothing(store: OnlineStore) -> None:
    store.put(VIEW, {"a": Row(b"1")})

    def fail(found: list[Row | None]) -> list[Row | None]:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        store.update([(VIEW, "a"), (VIEW, "b")], fail)
    assert store.read([(VIEW, "a"), (VIEW, "b")]) == [b"1", None]


def changes_of_many_threads_are_all_there(store: OnlineStore) -> None:
    def count(found: list[Row | None]) -> list[Row | None]:
        return [Row(b"%d" % (int(row.served) + 1 if row else 1)) for row in found]

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(store.update, [(VIEW, "a"), ("other", "b")], count) for _ in range(60)]:
            done.result()
    assert store.read([(VIEW, "a"), ("other", "b")]) == [b"60", b"60"]


def a_reader_sees_all_of_a_change_or_nothing(store: OnlineStore) -> None:
    pairs, ended, torn = [(VIEW, "a"), ("other", "b")], threading.Event(), []

    def look() -> None:
        while not ended.is_set():
            first, second = store.read(pairs)
            torn.extend([] if first == second else [(first, second)])

    reader = threading.Thread(target=look)
    reader.start()
    for number in range(60):
        store.update(pairs, lambda _, value=b"%d" % number: [Row(value), Row(value)])  # type: ignore[misc]
    ended.set()
    reader.join()
    assert torn == []


def a_dropped_namespace_is_gone_and_others_are_not(store: OnlineStore) -> None:
    store.put(VIEW, rows(BATCH + 1))
    store.put("other", rows(1))
    store.drop(VIEW)
    store.drop("nobody")
    assert store.read([(VIEW, "c-0"), ("other", "c-0")]) == [None, b"served 0"]
    assert [one.name for one in store.namespaces()] == ["other"]
    assert list(store.keys(VIEW)) in ([], [[]])


def a_dropped_namespace_can_be_written_again(store: OnlineStore) -> None:
    store.put(VIEW, rows(2))
    store.drop(VIEW)
    store.put(VIEW, {"c-0": Row(b"new")})
    assert store.read([(VIEW, "c-0"), (VIEW, "c-1")]) == [b"new", None]


def namespaces_are_listed_with_rows_and_bytes(store: OnlineStore) -> None:
    store.put(VIEW, rows(10))
    store.put("b", {"large": Row(b"x" * 50_000, b"y" * 50_000)})
    store.put("empty", {})
    large, view = store.namespaces()
    assert (large.name, large.rows, view.name, view.rows) == ("b", 1, VIEW, 10)
    assert 100_000 <= large.bytes <= 200_000
    assert 100 <= view.bytes <= 5_000


def keys_are_told_some_at_a_time(store: OnlineStore) -> None:
    store.put(VIEW, rows(2 * BATCH + 1))
    store.put("other", {"z": Row(b"")})
    told = [key for some in store.keys(VIEW) for key in some]
    assert {*told} == {*rows(2 * BATCH + 1)}


ONLINE_CHECKS: list[Callable[[OnlineStore], None]] = [
    a_row_that_was_put_is_read,
    pairs_are_answered_in_their_order,
    more_pairs_than_a_statement_holds_are_read,
    a_row_that_is_put_again_is_replaced,
    keys_may_be_any_text_and_values_any_bytes,
    a_large_row_comes_back,
    half_a_character_is_refused_when_written_and_not_found_when_read,
    a_change_sees_what_is_there_and_replaces_it,
    a_change_that_fails_writes_nothing,
    changes_of_many_threads_are_all_there,
    a_reader_sees_all_of_a_change_or_nothing,
    a_dropped_namespace_is_gone_and_others_are_not,
    a_dropped_namespace_can_be_written_again,
    namespaces_are_listed_with_rows_and_bytes,
    keys_are_told_some_at_a_time,
]
