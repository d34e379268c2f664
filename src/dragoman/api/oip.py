"""The Open Inference Protocol, version 2, over HTTP, with the extensions of Triton."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dragoman.api.abilities import Ability, needs
from dragoman.api.answers import encode_json, json_answer
from dragoman.api.body import BodyReader, read_body
from dragoman.api.intake import Intake, caller_of
from dragoman.api.oip_service import Asked, Inferred, OipService, Output
from dragoman.api.oip_tasks import Column
from dragoman.api.oip_tensors import Tensor, from_bytes, from_json, to_bytes
from dragoman.api.readiness import Readiness
from dragoman.errors import InvalidRequest

__all__ = ["OipApi"]

HEADER_LENGTH = "Inference-Header-Content-Length"
EXAMPLE = '{"inputs": [{"name": "text", "shape": [1], "datatype": "BYTES", "data": ["Where is my order?"]}]}'
SIZE = "binary_data_size"

Size = Annotated[int, Meta(ge=0)]


class TensorIn(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    shape: list[Size]
    datatype: str
    parameters: dict[str, Any] = {}
    data: Any = msgspec.UNSET


class OutputAsked(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    parameters: dict[str, Any] = {}


class InferRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    inputs: list[TensorIn]
    id: str | None = None
    parameters: dict[str, Any] = {}
    outputs: list[OutputAsked] = []


class IndexRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    ready: bool = False


class LoadRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    parameters: dict[str, Any] = {}


INFER = BodyReader(InferRequest, example=EXAMPLE)
INDEX = BodyReader(IndexRequest, example='{"ready": true}')
LOAD = BodyReader(LoadRequest, example='{"parameters": {"version": "3"}}')


class OipApi:
    """The routes under `/v2`."""

    def __init__(self, intake: Intake, service: OipService, readiness: Readiness) -> None:
        self.intake, self.service, self.readiness = intake, service, readiness

    def routes(self) -> list[Route]:
        infer = self.intake.endpoint(self.infer)
        index = "/v2/repository/index"
        return [
            Route("/v2", self.server, methods=["GET"]),
            Route("/v2/health/live", self.live, methods=["GET"]),
            Route("/v2/health/ready", self.ready, methods=["GET"]),
            Route(index, self.index, methods=["POST"]),
            Route("/v2/repository/models/{name}/load", self.load, methods=["POST"]),
            Route("/v2/repository/models/{name}/unload", self.unload, methods=["POST"]),
            Route("/v2/models/stats", self.statistics, methods=["GET"]),
            *[
                Route(f"/v2/models/{{name}}{version}{path}", endpoint, methods=[method])
                for version in ("", "/versions/{version}")
                for path, endpoint, method in (
                    ("", self.model, "GET"),
                    ("/ready", self.model_ready, "GET"),
                    ("/stats", self.statistics, "GET"),
                    ("/infer", infer, "POST"),
                )
            ],
        ]

    @needs(Ability.SEE, keeps_scope=True)
    async def server(self, request: Request) -> Response:
        return json_answer(self.service.server_metadata())

    @needs(None)
    async def live(self, request: Request) -> Response:
        return json_answer({"live": True})

    @needs(None)
    async def ready(self, request: Request) -> Response:
        await self.readiness.check()
        return json_answer({"ready": True})

    @needs(Ability.SEE)
    async def model(self, request: Request) -> Response:
        found = self.service.metadata(self._reference(request))
        return json_answer(
            {
                "name": found.name,
                "versions": found.versions,
                "platform": found.platform,
                "inputs": [column_row(one) for one in found.inputs],
                "outputs": [column_row(one) for one in found.outputs],
            }
        )

    @needs(Ability.SEE)
    async def model_ready(self, request: Request) -> Response:
        self.intake.lifecycle.check()
        name = self.service.metadata(self._reference(request)).name
        return json_answer({"name": name, "ready": True})

    @needs(Ability.LOOK, keeps_scope=True)
    async def statistics(self, request: Request) -> Response:
        path = request.path_params
        return json_answer({"model_stats": self.service.statistics(path.get("name", ""), path.get("version", ""))})

    @needs(Ability.SEE, keeps_scope=True)
    async def index(self, request: Request) -> Response:
        asked = await self._read(request, INDEX)
        return json_answer(self.service.index(ready_only=asked.ready))

    @needs(Ability.OPERATE)
    async def load(self, request: Request) -> Response:
        asked = await self._read(request, LOAD)
        version = asked.parameters.get("version")
        await self.service.load(request.path_params["name"], None if version is None else str(version))
        return json_answer({})

    @needs(Ability.OPERATE)
    async def unload(self, request: Request) -> Response:
        await self._read(request, LOAD)
        await self.service.unload(request.path_params["name"])
        return json_answer({})

    async def infer(self, request: Request, body: bytes) -> Response:
        header, rest = divided(body, request.headers.get(HEADER_LENGTH))
        asked = INFER.read(header)
        outputs = [Output(one.name, classes_of(one)) for one in asked.outputs]
        wanted = Asked(tensors_of(asked.inputs, rest), asked.parameters, outputs, caller_of(request))
        inferred = await self.service.infer(self._reference(request), wanted)
        return written(inferred, asked)

    def _reference(self, request: Request) -> str:
        return self.service.reference(request.path_params["name"], request.path_params.get("version", ""))

    async def _read(self, request: Request, reader: BodyReader[Any]) -> Any:
        """The body of a request that need not have one."""
        body = await read_body(request, max_bytes=self.intake.max_body_bytes)
        return reader.read(body or b"{}")


def column_row(one: Column) -> dict[str, Any]:
    return {"name": one.name, "datatype": one.datatype, "shape": one.shape}


# Reading ------------------------------------------------------------------------------------------------------------


def divided(body: bytes, length: str | None) -> tuple[bytes, bytes]:
    """The JSON and the binary part of a body."""
    if length is None:
        return body, b""
    if not (length.isascii() and length.isdecimal()) or int(length) > len(body):
        raise InvalidRequest(
            f"{HEADER_LENGTH} is {length[:20]!r}; the body has {len(body)} bytes.", help="give the length of the JSON."
        )
    return body[: int(length)], body[int(length) :]


def tensors_of(given: Sequence[TensorIn], binary: bytes) -> list[Tensor]:
    """Each tensor, with its data from the JSON or, in the same order, from the binary part."""
    tensors, place = [], 0
    for one in given:
        size = size_of(one)
        if size is None:
            if one.data is msgspec.UNSET:
                raise InvalidRequest(f"'{one.name}' has no data.", help=f"send 'data', or '{SIZE}' and bytes.")
            tensors.append(from_json(one.name, one.datatype, one.shape, one.data))
            continue
        if place + size > len(binary):
            raise InvalidRequest(f"The body ends within the data of '{one.name}'.", help="send all bytes.")
        tensors.append(from_bytes(one.name, one.datatype, one.shape, binary[place : place + size]))
        place += size
    if place < len(binary):
        raise InvalidRequest(f"{len(binary) - place} bytes belong to no tensor.", help=f"give each its '{SIZE}'.")
    return tensors


def size_of(tensor: TensorIn) -> int | None:
    size = tensor.parameters.get(SIZE)
    if size is not None and (isinstance(size, bool) or not isinstance(size, int) or size < 0):
        raise InvalidRequest(f"'{SIZE}' of '{tensor.name}' is {size!r}.", help="give the number of bytes.")
    return size


def classes_of(output: OutputAsked) -> int:
    classes = output.parameters.get("classification", 0)
    if isinstance(classes, bool) or not isinstance(classes, int) or classes < 0:
        raise InvalidRequest(f"'classification' of '{output.name}' is {classes!r}.", help="give a number of classes.")
    return classes


# Writing ------------------------------------------------------------------------------------------------------------


def written(inferred: Inferred, asked: InferRequest) -> Response:
    """JSON, with the data of those outputs behind it that were asked for as bytes."""
    said = {one.name: one.parameters.get("binary_data") for one in asked.outputs}
    by_default = asked.parameters.get("binary_data_output") is True
    rows: list[dict[str, Any]] = []
    blobs: list[bytes] = []
    for tensor in inferred.tensors:
        choice = said.get(tensor.name)
        is_binary = by_default if choice is None else choice is True
        rows.append(tensor_row(tensor, blobs, is_binary=is_binary))
    answer: dict[str, Any] = {"model_name": inferred.name, "model_version": inferred.version, "outputs": rows}
    if asked.id is not None:
        answer["id"] = asked.id
    if not blobs:
        return json_answer(answer)
    header = encode_json(answer)
    headers = {HEADER_LENGTH: str(len(header))}
    return Response(b"".join([header, *blobs]), headers=headers, media_type="application/octet-stream")


def tensor_row(tensor: Tensor, blobs: list[bytes], *, is_binary: bool) -> dict[str, Any]:
    row: dict[str, Any] = {"name": tensor.name, "datatype": tensor.datatype, "shape": tensor.shape}
    if is_binary:
        blobs.append(to_bytes(tensor))
        return row | {"parameters": {SIZE: len(blobs[-1])}}
    flat = tensor.data.reshape(-1)
    return row | {"data": [one.decode() for one in flat] if tensor.datatype == "BYTES" else flat}
