from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from dragoman.monitoring.prediction_log.frames import START, Damage, Frame, Torn, join_frames, scan_frames

PAYLOADS = st.lists(st.binary(min_size=1, max_size=60), min_size=1, max_size=6)
THREE = [b"first", b"second", b"third"]


def written(payloads: list[bytes]) -> bytes:
    return join_frames(payloads, START)[0]


def frames(data: bytes) -> list[Frame]:
    return [found for found in scan_frames(data) if isinstance(found, Frame)]


def read(data: bytes) -> list[bytes]:
    return [frame.payload for frame in frames(data)]


def damage(data: bytes) -> list[str]:
    return [found.text for found in scan_frames(data) if isinstance(found, Damage)]


def pieces(data: bytes) -> list[bytes]:
    """A file in its frames."""
    return [data[one.offset : one.end] for one in frames(data)]


@given(PAYLOADS)
def test_what_was_written_is_read(payloads):
    assert read(written(payloads)) == payloads
    assert damage(written(payloads)) == []


@given(PAYLOADS, PAYLOADS)
def test_groups_make_the_same_file_as_one(first, second):
    data, place = join_frames(first, START)
    assert data + join_frames(second, place)[0] == written(first + second)


@given(PAYLOADS, st.data())
def test_a_file_cut_anywhere_gives_the_whole_records_before_the_cut(payloads, draw):
    data = written(payloads)
    cut = draw.draw(st.integers(0, len(data)))
    whole = sum(frame.end <= cut for frame in frames(data))
    assert read(data[:cut]) == payloads[:whole]
    assert damage(data[:cut]) == []


@given(PAYLOADS, st.integers(1, 5000))
def test_zeros_after_the_records_are_a_torn_tail(payloads, zeros):
    data = written(payloads)
    assert list(scan_frames(data + bytes(zeros)))[-1] == Torn(len(data))
    assert damage(data + bytes(zeros)) == []


@given(PAYLOADS, st.data())
def test_a_changed_byte_before_other_records_is_named_and_costs_one_record(payloads, draw):
    data = bytearray(written([*payloads, b"the last"]))
    broken = draw.draw(st.sampled_from(frames(bytes(data))[:-1]))
    at = draw.draw(st.integers(broken.offset, broken.end - 1))
    data[at] ^= draw.draw(st.integers(1, 255))
    assert read(bytes(data)) == [*payloads[: broken.number], *payloads[broken.number + 1 :], b"the last"]
    assert damage(bytes(data)) == [
        f"{broken.end - broken.offset} bytes from byte {broken.offset} are not what was written"
    ]


def test_a_changed_last_record_is_named():
    data = written(THREE)
    assert read(data[:-1] + b"D") == THREE[:2]
    assert damage(data[:-1] + b"D") == [f"37 bytes from byte {len(data) - 37} are not what was written"]


def test_a_removed_record_is_missed():
    first, _, third = pieces(written(THREE))
    assert damage(first + third) == [f"records are missing before byte {len(first)}: 1 of them"]
    assert read(first + third) == [b"first", b"third"]


def test_a_repeated_record_is_read_once():
    first, second, third = pieces(written(THREE))
    assert read(first + second + second + third) == THREE
    assert damage(first + second + second + third) == [
        f"the record at byte {len(first + second)} stands there a second time, or in another order"
    ]


def test_records_in_another_order_are_named():
    first, second, third = pieces(written(THREE))
    assert len(damage(first + third + second)) == 2
    assert read(first + third + second) == [b"first", b"third"]


def test_a_changed_record_with_a_new_check_does_not_fit_the_chain():
    first, _, third = pieces(written(THREE))
    other = pieces(written([b"first", b"forged"]))[1]
    forged = other[:16] + pieces(written(THREE))[1][16:32] + other[32:]
    assert damage(first + other + third) == [f"the record at byte {len(first + other)} was changed"]
    assert damage(first + forged + third) == [f"{len(forged)} bytes from byte {len(first)} are not what was written"]


def test_every_link_covers_the_records_before():
    links = [[frame.link for frame in frames(written([start, b"same", b"same"]))] for start in (b"a", b"b")]
    assert all(one != other for one, other in zip(*links, strict=True))
    assert all(one != other for one, other in pairwise(links[0]))
