"""KServe's protocol, version 1: `POST /v1/models/{name}:predict`."""

from __future__ import annotations

import functools
from typing import Annotated, Any

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dragoman.api.answers import json_answer
from dragoman.api.body import BodyReader
from dragoman.api.intake import Intake, options_of
from dragoman.api.messages import EXAMPLES
from dragoman.records import TextInput
from dragoman.serving.tasks.base import Task

__all__ = ["KserveApi"]


class InstancesRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body, to which each task adds what its instances are."""

    instances: Any
    parameters: Any = None


class KserveApi:
    """Instances are what the native dialect calls inputs; predictions are its predictions."""

    def __init__(self, intake: Intake) -> None:
        self.intake = intake

    def routes(self) -> list[Route]:
        predict = self.intake.endpoint(self.predict)
        paths = ("/v1/models/{name}:predict", "/v1/models/{name}/versions/{version}:predict")
        return [Route(path, predict, methods=["POST"]) for path in paths]

    async def predict(self, request: Request, body: bytes) -> Response:
        with self.intake.model("/".join(request.path_params.values())) as model:
            asked = reader_of(model.task).read(body)
            answer = await self.intake.ask(model, asked.instances, asked.parameters, options_of(request))
        return json_answer({"predictions": answer.predictions})


def reader_of(task: Task) -> BodyReader[InstancesRequest]:
    return _reader_of(task.Input, task.Parameters)


@functools.cache
def _reader_of(kind: Any, parameters: Any) -> BodyReader[InstancesRequest]:
    one: Any = str | TextInput if kind is TextInput else kind
    fields: list[Any] = [
        ("instances", Annotated[list[one], Meta(min_length=1)]),
        ("parameters", parameters | None, None),
    ]
    made: Any = msgspec.defstruct(
        "InstancesRequest", fields, bases=(InstancesRequest,), frozen=True, kw_only=True, forbid_unknown_fields=True
    )
    return BodyReader(made, example=EXAMPLES[kind].replace("inputs", "instances", 1))
