"""The native HTTP dialect."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dragoman.api.abilities import Ability, needs
from dragoman.api.answers import json_answer
from dragoman.api.body import BodyReader
from dragoman.api.intake import Intake, options_of
from dragoman.api.lifecycle import Phase
from dragoman.api.messages import (
    ModelAnswer,
    ModelEntry,
    ModelsAnswer,
    PredictAnswer,
    PredictRequest,
    StatusAnswer,
    WelcomeAnswer,
    example_of,
    request_type,
)
from dragoman.api.openapi import openapi_document
from dragoman.api.readiness import Readiness
from dragoman.errors import NotFound
from dragoman.monitoring.metrics import CONTENT_TYPE
from dragoman.serving.info import ModelInfo
from dragoman.serving.tasks.base import Task

__all__ = ["NativeApi"]

Metrics = Callable[[], bytes]


class NativeApi:
    """The endpoints. Errors are raised: `api.errors` answers them."""

    def __init__(self, intake: Intake, readiness: Readiness, *, metrics: Metrics | None = None) -> None:
        self.intake, self.readiness, self.metrics = intake, readiness, metrics
        self.created = int(time.time())

    def routes(self) -> list[Route]:
        predict = self.intake.endpoint(self.predict)
        return [
            Route("/", self.welcome, methods=["GET"]),
            Route("/v1/models", self.list_models, methods=["GET"]),
            Route("/v1/models/{name}", self.show_model, methods=["GET"]),
            Route("/v1/models/{name}/predict", predict, methods=["POST"]),
            Route("/v1/models/{name}/{version}/predict", predict, methods=["POST"]),
            Route("/health/live", self.live, methods=["GET"]),
            Route("/health/ready", self.ready, methods=["GET"]),
            Route("/metrics", self.show_metrics, methods=["GET"]),
            Route("/openapi.json", self.openapi, methods=["GET"]),
        ]

    async def predict(self, request: Request, body: bytes) -> Response:
        with self.intake.model("/".join(request.path_params.values())) as model:
            asked = reader_of(model.task).read(body)
            options = options_of(
                request,
                priority=asked.priority,
                seconds=asked.timeout_ms and asked.timeout_ms / 1_000,
                subject=asked.subject,
            )
            inputs = asked.inputs if isinstance(asked.inputs, list) else [asked.inputs]  # type: ignore[attr-defined]
            answer = await self.intake.ask(model, inputs, asked.parameters, options)  # type: ignore[attr-defined]
        return json_answer(
            PredictAnswer(model=model.name, version=answer.version, predictions=answer.predictions, usage=answer.usage)
        )

    @needs(Ability.SEE, keeps_scope=True)
    async def list_models(self, request: Request) -> Response:
        rows = self.intake.models.rows()
        names = dict.fromkeys(row.name for row in rows)
        return json_answer(
            ModelsAnswer(models=rows, data=[ModelEntry(id=name, created=self.created) for name in names])
        )

    @needs(Ability.SEE)
    async def show_model(self, request: Request) -> Response:
        info = self.intake.models.info(request.path_params["name"])
        fields = {name: getattr(info, name) for name in ModelInfo.__struct_fields__}
        is_ready = self.intake.lifecycle.phase is Phase.READY
        return json_answer(ModelAnswer(**fields, id=info.name, created=self.created, ready=is_ready))

    @needs(None)
    async def live(self, request: Request) -> Response:
        return json_answer(StatusAnswer(status="live"))

    @needs(None)
    async def ready(self, request: Request) -> Response:
        await self.readiness.check()
        return json_answer(StatusAnswer(status="ready"))

    @needs(Ability.LOOK)
    async def show_metrics(self, request: Request) -> Response:
        if self.metrics is None:
            raise NotFound("This server keeps no metrics.", help="start it with `dragoman serve`.")
        return Response(self.metrics(), media_type=CONTENT_TYPE)

    @needs(None)
    async def openapi(self, request: Request) -> Response:
        return json_answer(openapi_document())

    @needs(None)
    async def welcome(self, request: Request) -> Response:
        return json_answer(WelcomeAnswer(name="dragoman", models="/v1/models", openapi="/openapi.json"))


def reader_of(task: Task) -> BodyReader[PredictRequest]:
    """Reads the bodies of one task."""
    return _reader_of(request_type(task), example_of(task))


@functools.cache
def _reader_of(kind: type[PredictRequest], example: str) -> BodyReader[PredictRequest]:
    return BodyReader(kind, example=example)
