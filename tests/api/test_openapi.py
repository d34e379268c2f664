from __future__ import annotations

import re
from typing import Any

from dragoman.api.application import MAX_BODY_BYTES
from dragoman.api.events import EventsApi
from dragoman.api.intake import Intake
from dragoman.api.labels import LabelsApi
from dragoman.api.lifecycle import Lifecycle
from dragoman.api.monitor import MonitorApi
from dragoman.api.native import NativeApi
from dragoman.api.openapi import TASKS, openapi_document
from dragoman.api.readiness import Readiness
from dragoman.api.releases import ReleasesApi
from dragoman.api.review import ReviewApi
from dragoman.serving.table import ModelTable


def references(node: Any) -> set[str]:
    if isinstance(node, dict):
        own = {node["$ref"]} if "$ref" in node else set()
        return own.union(*map(references, node.values()))
    return set().union(*map(references, node)) if isinstance(node, list) else set()


def operations() -> list[tuple[str, dict[str, Any]]]:
    return [(path, one) for path, methods in openapi_document()["paths"].items() for one in methods.values()]


def test_every_reference_leads_to_a_schema() -> None:
    schemas = openapi_document()["components"]["schemas"]
    assert references(openapi_document()) == {f"#/components/schemas/{name}" for name in schemas}


def test_every_route_is_described_and_nothing_else() -> None:
    models, lifecycle = ModelTable(), Lifecycle()
    intake = Intake(models, lifecycle, max_body_bytes=MAX_BODY_BYTES)
    native = NativeApi(intake, Readiness(models, lifecycle))
    routes = {
        (route.path, method.lower())
        for api in (
            native,
            ReleasesApi(intake),
            LabelsApi(intake),
            EventsApi(intake),
            MonitorApi(intake),
            ReviewApi(intake),
        )
        for route in api.routes()
        for method in (route.methods or set())
        if method != "HEAD"
    }
    described = {(path, method) for path, methods in openapi_document()["paths"].items() for method in methods}
    assert described == routes - {("/openapi.json", "get"), ("/metrics", "get")}


def test_every_operation_has_its_own_id_and_an_answer() -> None:
    ids = [one["operationId"] for _, one in operations()]
    assert len(set(ids)) == len(ids)
    assert all({"200", "201"} & one["responses"].keys() for _, one in operations())


def test_every_path_parameter_is_declared() -> None:
    for path, operation in operations():
        declared = [one["name"] for one in operation.get("parameters", []) if one["in"] == "path"]
        assert declared == re.findall(r"{(\w+)}", path)


def test_the_parameters_of_a_query_are_declared_without_null() -> None:
    declared = openapi_document()["paths"]["/v1/releases"]["get"]["parameters"]
    assert [(one["name"], one["in"], one["schema"]["type"]) for one in declared] == [
        ("model", "query", "string"),
        ("active", "query", "boolean"),
        ("limit", "query", "integer"),
    ]
    assert all(one["description"] for one in declared)


def test_the_request_schema_comes_from_the_records() -> None:
    schema = openapi_document()["components"]["schemas"]["TextClassificationRequest"]
    assert schema["required"] == ["inputs"]
    assert schema["additionalProperties"] is False
    assert set(schema["properties"]) == {"inputs", "parameters", "subject", "timeout_ms", "priority"}


def test_every_task_has_a_request_and_an_answer() -> None:
    schemas = openapi_document()["components"]["schemas"]
    names = {"".join(part.capitalize() for part in task.name.split("-")) for task in TASKS}
    assert names | {"Embedding", "Rerank"} == names
    assert {f"{name}{kind}" for name in names for kind in ("Request", "Answer")} <= set(schemas)


def test_what_a_task_cannot_do_without_is_required() -> None:
    schemas = openapi_document()["components"]["schemas"]
    assert set(schemas["ZeroShotClassificationRequest"]["required"]) == {"inputs", "parameters"}
    assert schemas["ZeroShotParameters"]["required"] == ["candidate_labels"]
