"""A server's log and traces, as its settings say."""

from __future__ import annotations

import json
import logging
from contextlib import ExitStack

import pytest

from dragoman.app.telemetry import telemetry
from dragoman.errors import InvalidInput
from dragoman.monitoring.metrics import Metrics
from dragoman.serving.tracing import Outcome
from dragoman.settings import read_settings

OFF = read_settings(None, {"traces": "", "log_format": "text"})


def test_without_a_target_there_is_no_tracer_and_no_metric_of_spans() -> None:
    metrics = Metrics()
    with ExitStack() as stack:
        assert telemetry(OFF, metrics, stack) is None
    assert b"dragoman_spans" not in metrics.exposition()


def test_a_tracer_has_the_share_of_the_settings_and_its_spans_are_metrics(capsys: pytest.CaptureFixture[str]) -> None:
    metrics, settings = Metrics(), OFF._replace(traces="console", traces_sample=1.0)
    with ExitStack() as stack:
        tracer = telemetry(settings, metrics, stack)
        assert tracer is not None
        tracer.begin().end(Outcome("POST /embed"))
    assert "POST /embed" in capsys.readouterr().err
    assert b"dragoman_spans_exported_total 1.0" in metrics.exposition()


def test_the_log_has_the_format_of_the_settings_until_the_server_ends(capsys: pytest.CaptureFixture[str]) -> None:
    with ExitStack() as stack:
        telemetry(OFF._replace(log_format="json"), Metrics(), stack)
        logging.getLogger("dragoman.app").info("It runs.")
    logging.getLogger("dragoman.app").info("It ended.")
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["message"] == "It runs."


def test_a_wrong_address_is_refused_before_anything_is_loaded() -> None:
    with ExitStack() as stack, pytest.raises(InvalidInput, match="`traces` is 'localhost'"):
        telemetry(OFF._replace(traces="localhost"), Metrics(), stack)
