"""The OpenAPI 3.1 document of the native dialect, made from the messages."""

from __future__ import annotations

import functools
from http import HTTPStatus
from typing import Any, NamedTuple

import msgspec

from dragoman.api.messages import (
    ErrorAnswer,
    ModelsAnswer,
    PredictAnswer,
    PredictRequest,
    StatusAnswer,
    WelcomeAnswer,
)
from dragoman.serving.info import ModelInfo

__all__ = ["openapi_document"]

REFERENCE = "#/components/schemas/{name}"


class Operation(NamedTuple):
    """One method of one path."""

    path: str
    method: str
    id: str
    summary: str
    answer: type[msgspec.Struct]
    body: type[msgspec.Struct] | None = None
    errors: tuple[int, ...] = ()


PREDICT_ERRORS = (400, 404, 413, 429, 500, 503)
OPERATIONS = (
    Operation("/", "get", "welcome", "Where to look next", WelcomeAnswer),
    Operation("/v1/models", "get", "listModels", "The models that answer here", ModelsAnswer),
    Operation("/v1/models/{name}", "get", "showModel", "One model", ModelInfo, errors=(404,)),
    Operation(
        "/v1/models/{name}/predict",
        "post",
        "predict",
        "Classify texts with the champion, or with an alias's version as {name}@{alias}",
        PredictAnswer,
        PredictRequest,
        PREDICT_ERRORS,
    ),
    Operation(
        "/v1/models/{name}/{version}/predict",
        "post",
        "predictWithVersion",
        "Classify texts with one version",
        PredictAnswer,
        PredictRequest,
        PREDICT_ERRORS,
    ),
    Operation("/health/live", "get", "live", "Whether the process lives", StatusAnswer),
    Operation("/health/ready", "get", "ready", "Whether predictions are taken", StatusAnswer, errors=(503,)),
)


@functools.cache
def openapi_document() -> dict[str, Any]:
    """The document, as plain data."""
    kinds = [kind for one in OPERATIONS for kind in (one.answer, one.body) if kind] + [ErrorAnswer]
    _, schemas = msgspec.json.schema_components(kinds, ref_template=REFERENCE)
    paths: dict[str, Any] = {}
    for one in OPERATIONS:
        paths.setdefault(one.path, {})[one.method] = describe(one)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Dragoman", "version": "1", "summary": "Multilingual text models"},
        "paths": paths,
        "components": {"schemas": schemas},
    }


def describe(operation: Operation) -> dict[str, Any]:
    names = [part[1:-1] for part in operation.path.split("/") if part.startswith("{")]
    described: dict[str, Any] = {
        "operationId": operation.id,
        "summary": operation.summary,
        "responses": {"200": response("OK", operation.answer)}
        | {str(status): response(HTTPStatus(status).phrase, ErrorAnswer) for status in operation.errors},
    }
    if names:
        described["parameters"] = [path_parameter(name) for name in names]
    if operation.body:
        described["requestBody"] = {"required": True, "content": json_content(operation.body)}
    return described


def response(description: str, kind: type[msgspec.Struct]) -> dict[str, Any]:
    return {"description": description, "content": json_content(kind)}


def json_content(kind: type[msgspec.Struct]) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": REFERENCE.format(name=kind.__name__)}}}


def path_parameter(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
