from __future__ import annotations

import zlib

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragoman.errors import Untrusted
from dragoman.monitoring.service import LanguageCounts, ServiceCounts
from dragoman.monitoring.service.counts import NUMBERS
from dragoman.monitoring.service.stored_counts import MOST_BYTES, pack, unpack


def counts(seed: int, languages: list[str]) -> ServiceCounts:
    """Arbitrary counts."""
    draw = np.random.default_rng(seed)
    made = ServiceCounts()
    for name in languages:
        one = made.language(name)
        for number in NUMBERS:
            setattr(one, number, int(draw.integers(0, 10**6)))
        one.errors["Overloaded"] += int(draw.integers(1, 9))
        one.events += draw.integers(0, 300, one.events.shape)
        for seconds in draw.lognormal(-3.0, 1.0, 5):
            one.add_times(queue=seconds / 9, inference=seconds / 2, total=seconds)
    return made


COUNTS = st.builds(counts, st.integers(0, 2**32), st.lists(st.sampled_from(["de", "hi", "other", ""]), unique=True))


def merged(*parts: ServiceCounts) -> bytes:
    together = ServiceCounts()
    for part in parts:
        together.merge(part)
    return together.encode()


@settings(max_examples=25, deadline=None)
@given(COUNTS, COUNTS, COUNTS)
def test_counts_add_up_in_any_order(one, two, three):
    pair = ServiceCounts.decode(merged(two, three))
    assert merged(one, two, three) == merged(three, one, two) == merged(one, pair)


@settings(max_examples=25, deadline=None)
@given(COUNTS)
def test_counts_come_back_as_they_were_stored(one):
    assert ServiceCounts.decode(one.encode()).encode() == one.encode()


def test_a_copy_is_its_own():
    one = counts(1, ["hi"])
    copy = one.copy()
    copy.language("hi").requests += 1
    assert copy.encode() != one.encode()


def test_the_total_is_the_sum_over_languages():
    one = counts(1, ["hi", "de", ""])
    total = one.total()
    assert total.tokens == sum(language.tokens for language in one.languages.values())
    assert total.events.sum() == sum(language.events.sum() for language in one.languages.values())


def test_faults_are_the_bad_events_of_availability():
    one = LanguageCounts()
    one.events[0, 5], one.events[1, 5] = (9, 2), (7, 7)
    assert one.faults == 2


def test_an_hour_of_twenty_six_languages_is_small():
    assert len(counts(1, [f"l{number}" for number in range(26)]).encode()) < 30_000
    assert len(counts(1, []).encode()) < 20


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_garbage_is_refused(content):
    with pytest.raises(Untrusted):
        ServiceCounts.decode(content)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_damaged_counts_are_refused_or_read(data):
    content = bytearray(counts(3, ["hi", "de"]).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        ServiceCounts.decode(bytes(content)).encode()
    except Untrusted as error:
        assert error.help


def stored(**changes: object) -> bytes:
    """Counts of one language, with some parts of it replaced."""
    (language,) = msgspec.msgpack.decode(zlib.decompress(counts(1, ["hi"]).encode()[1:])).values()
    fields = dict(zip(("numbers", "errors", "times", "events"), language, strict=True)) | changes
    return b"\x01" + zlib.compress(msgspec.msgpack.encode({"hi": list(fields.values())}))


@pytest.mark.parametrize(
    "changes",
    [
        {"numbers": [1]},
        {"numbers": [-1] * 9},
        {"numbers": [1.5] * 9},
        {"times": []},
        {"times": [b""] * 3},
        {"times": [b"\x03" + bytes(588)] * 3},
        {"events": b"\x01\x00"},
        {"events": b"\x08" + b"\xff" * 3_840},
        {"errors": {"Overloaded": -1}},
    ],
)
def test_counts_that_cannot_be_are_refused(changes):
    assert ServiceCounts.decode(stored()).language("hi").tokens > 0
    with pytest.raises(Untrusted):
        ServiceCounts.decode(stored(**changes))


def test_another_format_and_what_follows_are_refused():
    content = counts(1, ["hi"]).encode()
    for wrong in (b"\x02" + content[1:], content + b"x", content[:-1]):
        with pytest.raises(Untrusted, match="cannot be read"):
            ServiceCounts.decode(wrong)


def test_a_small_content_cannot_fill_the_memory():
    with pytest.raises(Untrusted, match="too long"):
        ServiceCounts.decode(b"\x01" + zlib.compress(bytes(MOST_BYTES + 1), 9))


@pytest.mark.parametrize(("most", "width"), [(0, 1), (255, 1), (256, 2), (65_536, 4), (2**40, 8)])
def test_an_array_takes_the_smallest_width(most, width):
    array = np.array([0, most], dtype=np.int64)
    assert len(pack(array)) == 1 + 2 * width
    assert unpack(pack(array), (2,)).tolist() == [0, most]
