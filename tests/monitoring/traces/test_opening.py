from __future__ import annotations

import subprocess
import sys

import pytest

from dragoman.errors import InvalidInput, MissingExtra
from dragoman.monitoring.traces import open_tracer
from dragoman.monitoring.traces.console import ConsoleSink
from dragoman.monitoring.traces.opening import _endpoint

WITHOUT_TRACES = """
import sys
from dragoman.api.application import create_app
from dragoman.monitoring.metrics import Metrics
from dragoman.monitoring.traces import open_tracer
from dragoman.serving.table import ModelTable
create_app(ModelTable(), metrics=Metrics().exposition, tracer=open_tracer(""))
print(*[name for name in sys.modules if name.startswith("opentelemetry")])
"""


def test_without_a_target_there_is_no_tracer_and_opentelemetry_is_not_imported() -> None:
    assert open_tracer("") is None
    done = subprocess.run([sys.executable, "-c", WITHOUT_TRACES], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_the_console_needs_no_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    tracer = open_tracer("console", share=0.5)
    assert tracer is not None
    assert (type(tracer.sink), tracer.share) == (ConsoleSink, 0.5)


def test_a_collector_needs_the_extra_and_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "dragoman.monitoring.traces.exporting", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(MissingExtra, match="needs the extra 'otel'") as caught:
        open_tracer("http://localhost:4318")
    assert caught.value.help == "pip install 'dragoman[otel]'"


@pytest.mark.parametrize("target", ["localhost:4318", "grpc://localhost:4317", "http://", "Console", "/var/spans"])
def test_what_is_no_address_is_refused(target: str) -> None:
    with pytest.raises(InvalidInput, match="is no address") as caught:
        open_tracer(target)
    assert "http://localhost:4318" in caught.value.help


@pytest.mark.parametrize(
    ("target", "endpoint"),
    [
        ("http://localhost:4318", "http://localhost:4318/v1/traces"),
        ("http://localhost:4318/", "http://localhost:4318/v1/traces"),
        ("https://collector/otlp", "https://collector/otlp/v1/traces"),
        ("https://collector/otlp/v1/traces", "https://collector/otlp/v1/traces"),
    ],
)
def test_the_path_of_the_protocol_may_be_left_out(target: str, endpoint: str) -> None:
    assert _endpoint(target) == endpoint
