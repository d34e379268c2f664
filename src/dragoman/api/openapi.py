"""The OpenAPI 3.1 document of the native dialect, made from the messages."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import msgspec

from dragoman.api.events import EVENT_OPERATIONS
from dragoman.api.labels import LabelsAnswer, LabelsRequest
from dragoman.api.messages import (
    ErrorAnswer,
    ModelAnswer,
    ModelsAnswer,
    StatusAnswer,
    TaskKind,
    WelcomeAnswer,
    answer_type,
    request_type,
)
from dragoman.api.monitor_operations import MONITOR_OPERATIONS
from dragoman.api.operation import Operation, query_parameters
from dragoman.api.release_operations import RELEASE_OPERATIONS
from dragoman.api.review_operations import REVIEW_OPERATIONS
from dragoman.serving.tasks.classification import TextClassification
from dragoman.serving.tasks.embedding import Embedding
from dragoman.serving.tasks.fill_mask import FillMask
from dragoman.serving.tasks.forecasting import Forecasting
from dragoman.serving.tasks.question_answering import QuestionAnswering
from dragoman.serving.tasks.rerank import Rerank
from dragoman.serving.tasks.tabular import TabularClassification, TabularRegression
from dragoman.serving.tasks.token_classification import TokenClassification
from dragoman.serving.tasks.zero_shot import ZeroShot

__all__ = ["TASKS", "openapi_document"]

REFERENCE = "#/components/schemas/{name}"
TASKS: tuple[TaskKind, ...] = (
    TextClassification,
    TokenClassification,
    QuestionAnswering,
    Embedding,
    Rerank,
    ZeroShot,
    FillMask,
    TabularClassification,
    TabularRegression,
    Forecasting,
)


PREDICT_ANSWERS = tuple(answer_type(task) for task in TASKS)
PREDICT_REQUESTS = tuple(request_type(task) for task in TASKS)
PREDICT_ERRORS = (400, 404, 413, 415, 429, 500, 503, 504)
OPEN_PATHS = ("/", "/health/live", "/health/ready")  # no key is asked for here
ACCESS_ERRORS = (401, 403, 503)
KEY_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "apiKey": {"type": "apiKey", "in": "header", "name": "x-api-key"},
}
OPERATIONS = (
    Operation("/", "get", "welcome", "Where to look next", (WelcomeAnswer,)),
    Operation("/v1/models", "get", "listModels", "The models that answer here", (ModelsAnswer,)),
    Operation("/v1/models/{name}", "get", "showModel", "One model", (ModelAnswer,), errors=(404,)),
    Operation(
        "/v1/models/{name}/predict",
        "post",
        "predict",
        "Ask the champion, or an alias's version as {name}@{alias}",
        PREDICT_ANSWERS,
        PREDICT_REQUESTS,
        PREDICT_ERRORS,
    ),
    Operation(
        "/v1/models/{name}/{version}/predict",
        "post",
        "predictWithVersion",
        "Ask one version",
        PREDICT_ANSWERS,
        PREDICT_REQUESTS,
        PREDICT_ERRORS,
    ),
    Operation(
        "/v1/models/{name}/labels",
        "post",
        "addLabels",
        "Tell the truth of predictions",
        (LabelsAnswer,),
        (LabelsRequest,),
        (400, 404, 413, 415, 501),
    ),
    *EVENT_OPERATIONS,
    *REVIEW_OPERATIONS,
    *RELEASE_OPERATIONS,
    *MONITOR_OPERATIONS,
    Operation("/health/live", "get", "live", "Whether the process lives", (StatusAnswer,)),
    Operation("/health/ready", "get", "ready", "Whether predictions are taken", (StatusAnswer,), errors=(503,)),
)


@functools.cache
def openapi_document() -> dict[str, Any]:
    """The document, as plain data."""
    kinds = {kind: None for one in OPERATIONS for kind in (*one.answers, *one.bodies)} | {ErrorAnswer: None}
    _, schemas = msgspec.json.schema_components(kinds, ref_template=REFERENCE)
    paths: dict[str, Any] = {}
    for one in OPERATIONS:
        paths.setdefault(one.path, {})[one.method] = describe(one)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Dragoman", "version": "1", "summary": "Models of texts in any language, and of tables"},
        "paths": paths,
        "security": [{"bearer": []}, {"apiKey": []}, {}],  # none, where the server is open
        "components": {"schemas": schemas, "securitySchemes": KEY_SCHEMES},
    }


def describe(operation: Operation) -> dict[str, Any]:
    names = [part[1:-1] for part in operation.path.split("/") if part.startswith("{")]
    is_open = operation.path in OPEN_PATHS
    errors = sorted({*operation.errors, *(() if is_open else ACCESS_ERRORS)})
    described: dict[str, Any] = {
        "operationId": operation.id,
        "summary": operation.summary,
        "responses": {str(operation.status): response(HTTPStatus(operation.status).phrase, operation.answers)}
        | {str(status): response(HTTPStatus(status).phrase, (ErrorAnswer,)) for status in errors},
    }
    if operation.empty:
        described["responses"][str(operation.empty)] = {"description": HTTPStatus(operation.empty).phrase}
    if is_open:
        described["security"] = []
    parameters = [path_parameter(name) for name in names]
    if operation.query is not None:
        parameters += query_parameters(operation.query)
    if parameters:
        described["parameters"] = parameters
    if operation.bodies:
        described["requestBody"] = {"required": operation.needs_body, "content": json_content(operation.bodies)}
    return described


def response(description: str, kinds: Sequence[type[msgspec.Struct]]) -> dict[str, Any]:
    return {"description": description, "content": json_content(kinds)}


def json_content(kinds: Sequence[type[msgspec.Struct]]) -> dict[str, Any]:
    schemas = [{"$ref": REFERENCE.format(name=kind.__name__)} for kind in kinds]
    return {"application/json": {"schema": schemas[0] if len(schemas) == 1 else {"anyOf": schemas}}}


def path_parameter(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
