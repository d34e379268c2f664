from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.monitoring.traces.world import KeptSink

from dragoman.monitoring.traces import Span, SpanTracer
from dragoman.serving.tracing import Context, Outcome, Trace

SHARES = st.floats(0, 1)
IDS = st.integers(1, 2**128 - 1).map(lambda number: f"{number:032x}")


class FailingSink(KeptSink):
    def put(self, trace: Trace, spans: list[Span]) -> None:
        raise ValueError("out of order")


@given(IDS, SHARES, st.integers(0, 1))
def test_a_caller_decides_whether_its_trace_is_recorded(id: str, share: float, flags: int) -> None:
    trace = SpanTracer(KeptSink(), share=share).begin(Context(id, "b" * 16, flags, "a=1"))
    assert (trace.is_recorded, trace.context.is_sampled) == (flags == 1, flags == 1)
    assert (trace.context.trace, trace.context.state) == (id, "a=1")


@pytest.mark.parametrize(("share", "expected"), [(0.0, 0), (1.0, 400)])
def test_none_or_all_of_the_others_are_recorded(share: float, expected: int) -> None:
    tracer = SpanTracer(KeptSink(), share=share)
    begun = [tracer.begin() for _ in range(400)]
    assert sum(trace.is_recorded for trace in begun) == expected
    assert all(trace.context.is_sampled is trace.is_recorded for trace in begun)


def test_a_share_of_the_others_is_recorded() -> None:
    tracer = SpanTracer(KeptSink(), share=0.25)
    assert 350 < sum(tracer.begin().is_recorded for _ in range(2_000)) < 650  # binomial: 7.7 standard deviations


@given(IDS, SHARES, SHARES)
def test_who_records_more_records_what_others_record(id: str, one: float, other: float) -> None:
    low, high = (SpanTracer(KeptSink(), share=share)._root(id) for share in sorted((one, other)))
    assert high.is_recorded or not low.is_recorded


def test_ids_are_new_each_time_and_well_formed() -> None:
    tracer = SpanTracer(KeptSink())
    contexts = [tracer.begin().context for _ in range(100)]
    assert len({one.trace for one in contexts}) == len({one.span for one in contexts}) == 100
    assert {(len(one.trace), len(one.span), one.flags) for one in contexts} == {(32, 16, 3)}


def test_a_copy_has_a_new_trace_and_names_the_original() -> None:
    tracer = SpanTracer(KeptSink(), share=0.0)
    original = tracer.begin(Context("a" * 32, "b" * 16, 1))
    copy = tracer.begin_copy(original)
    assert copy.is_recorded
    assert copy.original == original.context
    assert copy.context.trace != original.context.trace


def test_a_sink_that_fails_harms_no_request(caplog: pytest.LogCaptureFixture) -> None:
    SpanTracer(FailingSink()).begin().end(Outcome("request"))
    assert "could not be told" in caplog.text
