"""The native API against its own document: a schema-based fuzzer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.api.world import NAMES, table_of

from dragoman.api.application import create_app
from dragoman.api.event_fakes import FakeEvents
from dragoman.api.fakes import FakeDesk, FakeLabels, fake_release
from dragoman.api.monitor_fakes import FakeMonitor, fake_alert, fake_model, fake_silence, fake_split
from dragoman.api.openapi import openapi_document
from dragoman.api.review_fakes import FakeReview
from dragoman.records import ModelView, SplitView

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
OPERATIONS = [
    (path, method, mode)
    for path, methods in openapi_document()["paths"].items()
    for method, operation in methods.items()
    for mode in GenerationMode
    if mode is GenerationMode.POSITIVE or "requestBody" in operation  # any name may be asked for: none is wrong
]
EXAMPLES = 40
PATIENT_MS = 60_000
VERSIONS = {"support": 9, "intents": 9, "free": 2**31}  # "free" has no release yet
PLACES = {  # where a request can succeed
    ("/v1/releases/{id}", "get"): {"id": "r-1"},
    ("/v1/releases/{id}/approve", "post"): {"id": "waits"},
    ("/v1/releases/{id}/rollback", "post"): {"id": "r-1"},
    ("/v1/models/{name}/release", "get"): {"name": "support"},
    ("/v1/models/{name}/release", "post"): {"name": "free"},
    ("/v1/models/{name}/monitor", "get"): {"name": "support"},
    ("/v1/models/{name}/drift", "get"): {"name": "support"},
    ("/v1/models/{name}/drift/split", "get"): {"name": "support"},
    ("/v1/alerts/{id}", "get"): {"id": "a-1"},
    ("/v1/silences/{id}/end", "post"): {"id": "s-1"},
    ("/v1/models/{name}/review/next", "post"): {"name": "support"},
    ("/v1/review/{task}", "get"): {"task": "t-1"},
    ("/v1/review/{task}/label", "post"): {"task": "t-1"},
    ("/v1/review/{task}/skip", "post"): {"task": "t-1"},
    ("/v1/review/{task}/undo", "post"): {"task": "t-1"},
}


class Obliging(FakeMonitor):
    """Has every model and metric: words that nobody can guess are asked for."""

    def _model(self, name: str, version: str | None = None, language: str | None = None) -> ModelView:
        return self.models["support"]

    def split(self, model: str, metric: str, **asked: Any) -> SplitView:
        return fake_split(metric=metric)


@pytest.fixture(scope="module")
def schema() -> Iterator[Any]:
    table = table_of()
    monitor = Obliging([fake_model()], alerts=[fake_alert()], silences=[fake_silence()])
    desk = FakeDesk([fake_release(), fake_release(id="waits", model="intents", status="waiting")], versions=VERSIONS)
    app = create_app(table, desk=desk, labels=FakeLabels(), monitor=monitor, review=FakeReview(), kpis=FakeEvents())
    yield schemathesis.openapi.from_asgi("/openapi.json", app)
    table.close()


@pytest.mark.parametrize(("path", "method", "mode"), OPERATIONS)
@pytest.mark.filterwarnings("ignore::hypothesis.errors.NonInteractiveExampleWarning")
def test_every_operation_keeps_to_its_document(schema: Any, path: str, method: str, mode: GenerationMode) -> None:
    operation, statuses = schema[path][method.upper()], set()
    names = iter(sorted(NAMES) * EXAMPLES * 10)

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: Any) -> None:
        case.path_parameters = PLACES.get((path, method)) or case.path_parameters
        if "predict" in path:  # a model of every task in turn: a body of its own task is answered with 200
            case.path_parameters = {"name": next(names), "version": "1"}
            if mode is GenerationMode.POSITIVE and case.body.get("timeout_ms"):
                case.body["timeout_ms"] = PATIENT_MS  # 504 would be right where there is no time
        statuses.add(case.call_and_validate(checks=CHECKS).status_code)

    ask()
    assert bool({200, 201} & statuses) == (mode is GenerationMode.POSITIVE) or path == "/v1/models/{name}"


@pytest.mark.parametrize("name", [*NAMES, "nobody", "support@champion", "%00", "..", "é"])
def test_any_name_is_answered_as_documented(schema: Any, name: str) -> None:
    case = schema["/v1/models/{name}"]["GET"].Case(path_parameters={"name": name})
    case.call_and_validate(checks=CHECKS)
