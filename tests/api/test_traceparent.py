from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.api.traceparent import read_context, traceresponse
from dragoman.serving.tracing import Context

TRACE, SPAN = "12345678901234567890123456789012", "1234567890123456"
PARENT = f"00-{TRACE}-{SPAN}-01"
IDS = st.integers(1, 2**128 - 1).map(lambda number: f"{number:032x}")
SPANS = st.integers(1, 2**64 - 1).map(lambda number: f"{number:016x}")


@given(IDS, SPANS, st.integers(0, 3))
def test_what_is_written_can_be_read(trace: str, span: str, flags: int) -> None:
    context = Context(trace, span, flags)
    assert read_context([traceresponse(context)]) == context


@given(st.text(alphabet="0123456789abcdefABCDEF-\n\0é ", max_size=70))
def test_no_header_breaks_the_reading(header: str) -> None:
    found = read_context([header], [header])
    assert found is None or header.strip(" \t").startswith(f"{header.strip()[:2]}-{found.trace}-{found.span}-")


@pytest.mark.parametrize(
    "header",
    [
        "",
        "foo",
        f".0-{TRACE}-{SPAN}-01",
        f"0-{TRACE}-{SPAN}-01",
        f"ff-{TRACE}-{SPAN}-01",
        f"000-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{'A' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'A' * 16}-01",
        f"00-.{TRACE[1:]}-{SPAN}-01",
        f"00-{TRACE[1:]}-{SPAN}-01",
        f"00-{TRACE}0-{SPAN}-01",
        f"00-{TRACE}-{SPAN[1:]}-01",
        f"00-{TRACE}-{SPAN}-1",
        f"00-{TRACE}-{SPAN}-.1",
        f"00-{TRACE}-{SPAN}-01.",
        f"00-{TRACE}-{SPAN}-01-what",
        f"00-{TRACE}-{SPAN}-01-",
        f"cc-{TRACE}-{SPAN}-01.what",
    ],
)
def test_a_malformed_parent_is_ignored(header: str) -> None:
    assert read_context([header]) is None


def test_two_parents_are_none() -> None:
    assert read_context([PARENT, PARENT]) is None


@pytest.mark.parametrize("header", [f"cc-{TRACE}-{SPAN}-01", f"cc-{TRACE}-{SPAN}-01-what", f" {PARENT}\t"])
def test_a_later_version_is_read_as_far_as_it_is_known(header: str) -> None:
    assert read_context([header]) == Context(TRACE, SPAN, 1)


@pytest.mark.parametrize(("flags", "is_sampled"), [("00", False), ("01", True), ("ff", True), ("fe", False)])
def test_unknown_flags_do_not_matter(flags: str, is_sampled: bool) -> None:  # noqa: FBT001 (a parameter)
    found = read_context([f"00-{TRACE}-{SPAN}-{flags}"])
    assert found is not None
    assert found.is_sampled is is_sampled


@pytest.mark.parametrize(
    ("states", "kept"),
    [
        (["foo=1,bar=2"], "foo=1,bar=2"),
        (["foo=1", "bar=2"], "foo=1,bar=2"),
        (["foo=1 \t , \t bar=2, \t baz=3"], "foo=1,bar=2,baz=3"),
        (["foo=1,", ""], "foo=1"),
        (["", ",,"], ""),
        (["0tenant@sys=1,a/b*c_-=~"], "0tenant@sys=1,a/b*c_-=~"),
        ([",".join(f"k{number}=1" for number in range(32))], ",".join(f"k{number}=1" for number in range(32))),
        ([",".join(f"k{number}=1" for number in range(33))], ""),
        ([f"{'z' * 256}={'v' * 256}"], f"{'z' * 256}={'v' * 256}"),
        ([f"{'z' * 257}=1"], ""),
        ([f"foo={'v' * 257}"], ""),
        ([f"{'t' * 242}@v=1"], ""),
        ([f"t@{'v' * 15}=1"], ""),
        (["foo=1,foo=2"], ""),
        (["foo =1"], ""),
        (["FOO=1"], ""),
        (["foo@=1"], ""),
        (["@foo=1"], ""),
        (["foo@@bar=1"], ""),
        (["foo=bar=baz"], ""),
        (["foo=,bar=3"], ""),
        (["foo=é"], ""),
    ],
)
def test_a_state_is_kept_as_it_came_or_not_at_all(states: list[str], kept: str) -> None:
    found = read_context([PARENT], states)
    assert found is not None
    assert found.state == kept
