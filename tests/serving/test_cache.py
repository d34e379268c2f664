from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragoman.serving.cache import ENTRY_BYTES, ResultCache
from dragoman.serving.fakes import CountReadout
from dragoman.serving.work import Key, key_of


def key(number: int, *, head: str = "", readout: str = "count") -> Key:
    return key_of(head, CountReadout(readout), [number], None)


def result(number: float, size: int = 2) -> np.ndarray:
    return np.full(size, number, dtype=np.float32)


def test_what_was_put_is_found_read_only() -> None:
    cache = ResultCache(10_000)
    cache.put("a", key(1), result(7))
    found = cache.get("a", key(1))
    assert found is not None
    assert found.tolist() == [7.0, 7.0]
    assert not found.flags.writeable


@pytest.mark.parametrize(
    ("digest", "other"),
    [
        ("b", key(1)),
        ("a", key(1, head="another")),
        ("a", key(1, readout="pool:mean:normalized")),
        ("a", key(2)),
        ("a", key_of("", CountReadout(), [1], [1])),
        ("a", key_of("", CountReadout(), [1, 0], None)),
        ("a", key_of("", CountReadout(), [1], None, np.zeros(1, dtype=np.float32))),
    ],
)
def test_nothing_is_found_for_another_version_head_readout_or_text(digest: str, other: Key) -> None:
    """PROTOCOLS 6.1: what is not in the key answers for others."""
    cache = ResultCache(10_000)
    cache.put("a", key(1), result(7))
    assert cache.get(digest, other) is None


def test_the_least_recent_makes_room() -> None:
    cache = ResultCache(2 * (ENTRY_BYTES + 16) + 1)
    cache.put("a", key(1), result(1))
    cache.put("a", key(2), result(2))
    cache.get("a", key(1))
    cache.put("a", key(3), result(3))
    assert [cache.get("a", key(number)) is not None for number in (1, 2, 3)] == [True, False, True]


def test_a_cache_of_no_bytes_keeps_nothing() -> None:
    cache = ResultCache(0)
    cache.put("a", key(1), result(1))
    assert (len(cache), cache.bytes, cache.get("a", key(1))) == (0, 0, None)


def test_a_result_larger_than_the_cache_does_not_empty_it() -> None:
    cache = ResultCache(1_000)
    cache.put("a", key(1), result(1))
    cache.put("a", key(2), result(2, size=10_000))
    assert cache.get("a", key(1)) is not None


def test_a_view_is_kept_without_what_it_looks_at() -> None:
    cache = ResultCache(10_000)
    cache.put("a", key(1), np.ones((1_000, 2), dtype=np.float32)[3])
    found = cache.get("a", key(1))
    assert found is not None
    assert found.base is None


def test_dropping_one_digest_leaves_the_others() -> None:
    cache = ResultCache(10_000)
    for digest in ("a", "b"):
        cache.put(digest, key(1), result(1))
    before = cache.bytes
    cache.drop("a")
    assert (cache.get("a", key(1)), len(cache), cache.bytes) == (None, 1, before // 2)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 300))), st.integers(0, 5_000))
@settings(max_examples=60, deadline=None)
def test_bytes_are_those_of_the_entries_and_never_too_many(puts: list[tuple[int, int]], max_bytes: int) -> None:
    cache = ResultCache(max_bytes)
    for number, size in puts:
        cache.put("a", key(number), result(number, size))
    found = [cache.get("a", key(number)) for number in range(10)]
    assert cache.bytes == sum(one.nbytes + 8 + ENTRY_BYTES for one in found if one is not None)
    assert cache.bytes <= max_bytes


def test_a_key_without_features_is_what_it_was_before_there_were_any() -> None:
    assert key_of("head", CountReadout(), [1], [0]) == ("head", "count", b"\1" + bytes(7), b"")


def test_features_make_a_key_and_count_in_its_size() -> None:
    cache, rows = ResultCache(10_000), np.array([[1, np.nan], [2, np.nan]], dtype=np.float32)
    one, same, other = (key_of("", CountReadout(), [1], None, row) for row in (rows[0], rows[0].copy(), rows[1]))
    cache.put("a", one, result(7))
    assert (one, cache.get("a", other)) == (same, None)
    assert cache.bytes == ENTRY_BYTES + 8 + 8 + 8
