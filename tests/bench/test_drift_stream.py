from __future__ import annotations

import numpy as np
import pytest
from bench.drift.corpora import Item
from bench.drift.pools import Change, texts_of
from bench.drift.signals import Seen, stack
from bench.drift.stream import Shift, Traffic, profile_of, reference_of

ITEMS = [Item(f"text {number}", "sports" if number % 4 == 0 else "travel") for number in range(40)]


def seen(tokens: float, size: int = 50) -> Seen:
    random = np.random.default_rng(int(tokens))
    columns = {"tokens": random.normal(tokens, 1.0, size), "text": np.array([f"{tokens}"] * size, dtype=object)}
    return Seen(columns, random.standard_normal((size, 4)).astype(np.float32))


def test_a_pool_is_the_same_every_time():
    assert texts_of(ITEMS, Change()) == texts_of(ITEMS, Change()) == [item.text for item in ITEMS]


def test_a_pool_of_topics_has_texts_of_those_only():
    assert texts_of(ITEMS, Change(topics=("sports",))) == [item.text for item in ITEMS[::4]]


def test_a_spoilt_pool_has_the_same_texts_spoilt():
    assert texts_of(ITEMS[:2], Change(spoil="capitals")) == ["TEXT 0", "TEXT 1"]


def test_parts_are_stacked_in_order():
    both = stack([seen(1, 2), seen(2, 3)])
    assert len(both) == 5
    assert both.columns["text"].tolist() == ["1"] * 2 + ["2"] * 3


def test_the_same_seed_gives_the_same_traffic():
    first, second = (list(Traffic({"de": seen(5)}, texts=10, seed=3).hours(3)) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one.seen.columns["tokens"], other.seen.columns["tokens"])


def test_a_shift_begins_at_its_hour_and_in_its_language_only():
    pools, shift = {"de": seen(5), "fr": seen(5)}, Shift("de", 2, seen(90))
    for hour in Traffic(pools, texts=10, seed=3).hours(4, [shift]):
        late = hour.seen.columns["tokens"] > 50
        assert late.tolist() == [hour.number >= 2 and name == "de" for name in hour.languages]


def test_a_shift_of_a_share_changes_about_so_many():
    hour = next(Traffic({"de": seen(5)}, texts=2_000, seed=3).hours(1, [Shift("de", 0, seen(90), 0.25)]))
    assert np.mean(hour.seen.columns["tokens"] > 50) == pytest.approx(0.25, abs=0.04)


def test_traffic_can_double_and_end():
    for times in (0.0, 2.0):
        hours = Traffic({"de": seen(5), "fr": seen(5)}, texts=10, seed=3).hours(1, [Shift("de", 0, traffic=times)])
        assert np.count_nonzero(next(hours).languages == "de") == 10 * times


def test_an_hour_is_profiled_over_the_bins_of_the_reference():
    pools = {"de": seen(5), "fr": seen(9)}
    reference = reference_of(pools, texts=40, seed=1)
    profile = profile_of(next(Traffic(pools, texts=10, seed=2).hours(1)), reference)
    assert profile.texts == {"de": 10, "fr": 10}
    assert profile.counts["de"]["embedding.15"].sum() == 10
