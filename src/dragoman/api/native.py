"""The native HTTP dialect."""

from __future__ import annotations

import msgspec
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dragoman.api.answers import json_answer
from dragoman.api.body import decode_body, read_body
from dragoman.api.disconnect import while_connected
from dragoman.api.errors import EXCEPTION_HANDLERS, LastResort
from dragoman.api.lifecycle import Lifecycle, Phase
from dragoman.api.messages import ModelsAnswer, PredictAnswer, PredictRequest, StatusAnswer, WelcomeAnswer
from dragoman.api.openapi import openapi_document
from dragoman.records import TextInput
from dragoman.serving.parameters import Parameters
from dragoman.serving.table import ModelTable

__all__ = ["MAX_BODY_BYTES", "create_app"]

MAX_BODY_BYTES = 16 * 1024 * 1024
PREDICT_FIELDS = {
    "": PredictRequest.__struct_fields__,
    ".inputs": TextInput.__struct_fields__,
    ".parameters": Parameters.__struct_fields__,
}


def create_app(
    models: ModelTable, *, max_body_bytes: int = MAX_BODY_BYTES, lifecycle: Lifecycle | None = None
) -> Starlette:
    """The HTTP application over a table of models.

    `lifecycle` (default: ready at once) is also at `app.state.lifecycle`: `run_server` drains it.
    """
    lifecycle = lifecycle or Lifecycle(Phase.READY)
    native = NativeApi(models, lifecycle, max_body_bytes=max_body_bytes)
    app = Starlette(routes=native.routes(), middleware=[Middleware(LastResort)], exception_handlers=EXCEPTION_HANDLERS)
    app.state.lifecycle = lifecycle
    return app


class NativeApi:
    """The endpoints. Errors are raised: `api.errors` answers them."""

    def __init__(self, models: ModelTable, lifecycle: Lifecycle, *, max_body_bytes: int) -> None:
        self.models, self.lifecycle, self.max_body_bytes = models, lifecycle, max_body_bytes
        self._decoder = msgspec.json.Decoder(PredictRequest)

    def routes(self) -> list[Route]:
        return [
            Route("/", self.welcome),
            Route("/v1/models", self.list_models),
            Route("/v1/models/{name}", self.show_model),
            Route("/v1/models/{name}/predict", self.predict, methods=["POST"]),
            Route("/v1/models/{name}/{version}/predict", self.predict, methods=["POST"]),
            Route("/health/live", self.live),
            Route("/health/ready", self.ready),
            Route("/openapi.json", self.openapi),
        ]

    async def predict(self, request: Request) -> Response:
        with self.lifecycle.prediction():
            model = self.models.get("/".join(request.path_params.values()))
            body = await read_body(request, max_bytes=self.max_body_bytes)
            asked = decode_body(body, self._decoder, fields=PREDICT_FIELDS)
            work = model.predict_request(asked.inputs, asked.parameters)
            predictions, usage = await while_connected(request, work)
        answer = PredictAnswer(model=model.name, version=model.version, predictions=predictions, usage=usage)
        return json_answer(answer)

    async def list_models(self, request: Request) -> Response:
        return json_answer(ModelsAnswer(models=self.models.rows()))

    async def show_model(self, request: Request) -> Response:
        return json_answer(self.models.info(request.path_params["name"]))

    async def live(self, request: Request) -> Response:
        return json_answer(StatusAnswer(status="live"))

    async def ready(self, request: Request) -> Response:
        self.lifecycle.check()
        return json_answer(StatusAnswer(status="ready"))

    async def openapi(self, request: Request) -> Response:
        return json_answer(openapi_document())

    async def welcome(self, request: Request) -> Response:
        return json_answer(WelcomeAnswer(name="dragoman", models="/v1/models", openapi="/openapi.json"))
