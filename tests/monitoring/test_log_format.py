from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
from tests.monitoring.traces.world import KeptSink

from dragoman.errors import InvalidRequest
from dragoman.monitoring.log_format import logging_as
from dragoman.monitoring.traces import SpanTracer
from dragoman.serving.tracing import Context, Trace, as_current, watched

logger = logging.getLogger("dragoman.release.traffic")

PLACE = Context("a" * 32, "b" * 16, 1)


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


@pytest.fixture(params=["json", "text"])
def either(request: pytest.FixtureRequest, stream: io.StringIO) -> Iterator[io.StringIO]:
    with logging_as(request.param, stream):
        yield stream


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def fail(quoted: str) -> None:
    raise InvalidRequest(f"The text {quoted!r} is wrong.")


def test_a_line_is_one_object(stream: io.StringIO) -> None:
    with logging_as("json", stream):
        logger.warning("Version %s of '%s'\nfailed.", "8", "support")
    (line,) = lines(stream)
    assert str(line.pop("time")).endswith("+00:00")
    assert line == {
        "level": "WARNING",
        "logger": "dragoman.release.traffic",
        "message": "Version 8 of 'support'\nfailed.",
    }


def test_a_line_names_the_request_and_the_version_that_it_is_about(stream: io.StringIO) -> None:
    trace = SpanTracer(KeptSink()).begin(PLACE)
    with logging_as("json", stream), as_current(trace), watched("support", "8", "text-classification"):
        logger.info("Something.")
    (line,) = lines(stream)
    assert (line["trace_id"], line["span_id"]) == ("a" * 32, trace.context.span)
    assert (line["model"], line["version"]) == ("support", "8")


def test_a_line_may_say_its_model_itself(stream: io.StringIO) -> None:
    with logging_as("json", stream):
        logger.info("Something.", extra={"model": "support", "version": "9"})
    assert [(line["model"], line["version"]) for line in lines(stream)] == [("support", "9")]


def test_json_tells_an_exception_without_what_it_quotes(stream: io.StringIO) -> None:
    with logging_as("json", stream):
        try:
            fail("my secret order")
        except InvalidRequest:
            logger.exception("It failed.")
    (line,) = lines(stream)
    error = line["error"]
    assert isinstance(error, dict)
    assert error["type"] == "InvalidRequest"
    assert error["frames"][-1].endswith(" fail")
    assert "secret" not in stream.getvalue()


def test_text_tells_it_with_its_traceback(stream: io.StringIO) -> None:
    with logging_as("text", stream), as_current(Trace(PLACE)):
        try:
            fail("my order")
        except InvalidRequest:
            logger.exception("It failed.")
    head, *rest = stream.getvalue().splitlines()
    assert head.endswith(f"ERROR dragoman.release.traffic: It failed. [trace {'a' * 32}]")
    assert rest[-1] == "dragoman.errors.InvalidRequest: The text 'my order' is wrong."


def test_of_others_only_warnings_are_told(either: io.StringIO) -> None:
    logging.getLogger("uvicorn.error").info("Started.")
    logging.getLogger("uvicorn.error").warning("Watch out.")
    logger.info("Said.")
    logger.debug("Kept.")
    assert [line.find("Watch out.") >= 0 for line in either.getvalue().splitlines()] == [True, False]


def test_after_the_block_nothing_is_written_any_more(stream: io.StringIO) -> None:
    before = logging.getLogger("dragoman").level
    with logging_as("json", stream):
        pass
    logger.warning("Late.")
    assert (stream.getvalue(), logging.getLogger("dragoman").level) == ("", before)
