"""The Open Inference Protocol, version 2, over gRPC: the extra `grpc`."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from dragoman.api.abilities import Ability, need_of, needs
from dragoman.api.access import Access, Claim, OpenAccess, admit
from dragoman.api.grpc_codes import code_of
from dragoman.api.grpc_schema import METHODS, SERVICE, message_classes
from dragoman.api.grpc_tracing import traced_call
from dragoman.api.intake import Intake
from dragoman.api.lifecycle import Lifecycle, Phase
from dragoman.api.oip_service import Asked, OipService, Output
from dragoman.api.oip_tensors import Tensor, from_bytes, from_json, to_bytes
from dragoman.api.principal import acting_as, asking
from dragoman.api.readiness import Readiness
from dragoman.api.repository import Repository
from dragoman.api.statistics import Statistics
from dragoman.errors import Conflict, DragomanError, InvalidRequest, MissingExtra
from dragoman.release.traffic import Traffic
from dragoman.serving.table import ModelTable
from dragoman.serving.tracing import Tracer

__all__ = ["GrpcServer", "serve_grpc"]

MAX_BODY_BYTES = 16 * 1024 * 1024
START_SECONDS = 30.0
CONTENTS = {  # where a tensor's numbers lie when they are not raw
    "BOOL": "bool_contents",
    "INT8": "int_contents",
    "INT16": "int_contents",
    "INT32": "int_contents",
    "INT64": "int64_contents",
    "UINT8": "uint_contents",
    "UINT16": "uint_contents",
    "UINT32": "uint_contents",
    "UINT64": "uint64_contents",
    "FP32": "fp32_contents",
    "FP64": "fp64_contents",
    "BYTES": "bytes_contents",
}


def serve_grpc(
    models: ModelTable,
    host: str,
    port: int,
    *,
    lifecycle: Lifecycle | None = None,
    repository: Repository | None = None,
    statistics: Statistics | None = None,
    max_body_bytes: int = MAX_BODY_BYTES,
    access: Access | None = None,
    traffic: Traffic | None = None,
    tracer: Tracer | None = None,
) -> GrpcServer:
    """A running server on a thread of its own; port 0 takes any free one. `close` it.

    `lifecycle`, `statistics`, `access` and `tracer` are shared with the HTTP application. Raises `MissingExtra` without
    the extra `grpc` and `Conflict` if the port cannot be had.
    """
    load_grpc()
    lifecycle = lifecycle or Lifecycle(Phase.READY)
    intake = Intake(models, lifecycle, max_body_bytes=max_body_bytes, statistics=statistics, traffic=traffic)
    servicer = Servicer(OipService(intake, repository), Readiness(models, lifecycle), lifecycle, access, tracer)
    server = GrpcServer(servicer, host=host, port=port, max_bytes=max_body_bytes)
    server.start()
    return server


class GrpcServer:
    """A gRPC server with its own thread and event loop, so that it depends on nobody else's."""

    def __init__(self, servicer: Servicer, *, host: str, port: int, max_bytes: int) -> None:
        self.servicer, self.host, self.port, self.max_bytes = servicer, host, port, max_bytes
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._closing: asyncio.Future[float] = self._loop.create_future()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="dragoman-grpc", daemon=True)

    def start(self) -> None:
        """Return when the port answers."""
        self._thread.start()
        self._started.wait(START_SECONDS)
        if self._error is not None:
            raise Conflict(
                f"{self.host}:{self.port} cannot be listened on for gRPC.", help="choose another port, or 0."
            ) from self._error

    def close(self, grace: float = 5.0) -> None:
        """Take no more calls; those in flight have `grace` seconds."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._closing.set_result, grace)
            self._thread.join(grace + START_SECONDS)  # a server that does not end must not keep the process

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._started.set()
            self._loop.close()

    async def _serve(self) -> None:
        grpc = load_grpc()
        limits = [("grpc.max_receive_message_length", self.max_bytes), ("grpc.max_send_message_length", -1),
                  ("grpc.so_reuseport", 0)]  # fmt: skip
        server = grpc.aio.server(options=limits)
        server.add_generic_rpc_handlers((self.servicer.handler(),))
        try:
            self.port = server.add_insecure_port(f"{self.host}:{self.port}")
        except RuntimeError as error:
            self._error = error
            return
        await server.start()
        self._started.set()
        await server.stop(await self._closing)


class Servicer:
    """The methods of the service."""

    def __init__(
        self,
        service: OipService,
        readiness: Readiness,
        lifecycle: Lifecycle,
        access: Access | None = None,
        tracer: Tracer | None = None,
    ) -> None:
        self.service, self.readiness, self.lifecycle, self.tracer = service, readiness, lifecycle, tracer
        self.access = access or OpenAccess()
        self.messages = message_classes()

    def handler(self) -> Any:
        """What a gRPC server is given."""
        grpc = load_grpc()
        methods: dict[str, Callable[[Any, Any], Awaitable[Any]]] = {
            "ServerLive": self.server_live,
            "ServerReady": self.server_ready,
            "ModelReady": self.model_ready,
            "ServerMetadata": self.server_metadata,
            "ModelMetadata": self.model_metadata,
            "ModelInfer": self.infer,
            "ModelStatistics": self.statistics,
            "RepositoryIndex": self.index,
            "RepositoryModelLoad": self.load,
            "RepositoryModelUnload": self.unload,
        }
        assert tuple(methods) == METHODS
        handlers = {
            name: grpc.unary_unary_rpc_method_handler(
                answering(method, self.access, name=name, tracer=self.tracer),
                request_deserializer=self.messages[f"{name}Request"].FromString,
                response_serializer=self.messages[f"{name}Response"].SerializeToString,
            )
            for name, method in methods.items()
        }
        return grpc.method_handlers_generic_handler(SERVICE, handlers)

    @needs(None)
    async def server_live(self, request: Any, context: Any) -> Any:
        return self.messages["ServerLiveResponse"](live=True)

    @needs(None)
    async def server_ready(self, request: Any, context: Any) -> Any:
        return self.messages["ServerReadyResponse"](ready=await self.is_ready())

    @needs(Ability.SEE)
    async def model_ready(self, request: Any, context: Any) -> Any:
        self.service.metadata(self.service.reference(request.name, request.version))
        return self.messages["ModelReadyResponse"](ready=self.lifecycle.phase is Phase.READY)

    async def is_ready(self) -> bool:
        try:
            await self.readiness.check()
        except DragomanError:
            return False
        return True

    @needs(Ability.SEE, keeps_scope=True)
    async def server_metadata(self, request: Any, context: Any) -> Any:
        return self.messages["ServerMetadataResponse"](**self.service.server_metadata())

    @needs(Ability.SEE)
    async def model_metadata(self, request: Any, context: Any) -> Any:
        found = self.service.metadata(self.service.reference(request.name, request.version))
        column = self.messages["ModelMetadataResponse.TensorMetadata"]
        sides = {
            side: [column(name=one.name, datatype=one.datatype, shape=one.shape) for one in columns]
            for side, columns in (("inputs", found.inputs), ("outputs", found.outputs))
        }
        return self.messages["ModelMetadataResponse"](
            name=found.name, versions=found.versions, platform=found.platform, **sides
        )

    @needs(Ability.PREDICT)
    async def infer(self, request: Any, context: Any) -> Any:
        with self.lifecycle.prediction():
            reference = self.service.reference(request.model_name, request.model_version)
            inferred = await self.service.infer(reference, asked_of(request, context))
        tensor = self.messages["ModelInferResponse.InferOutputTensor"]
        return self.messages["ModelInferResponse"](
            model_name=inferred.name,
            model_version=inferred.version,
            id=request.id,
            outputs=[tensor(name=one.name, datatype=one.datatype, shape=one.shape) for one in inferred.tensors],
            raw_output_contents=[to_bytes(one) for one in inferred.tensors],
        )

    @needs(Ability.LOOK, keeps_scope=True)
    async def statistics(self, request: Any, context: Any) -> Any:
        rows = self.service.statistics(request.name, request.version)
        fields = self.messages["ModelStatistics"].DESCRIPTOR.fields_by_name
        known = [{name: value for name, value in row.items() if name in fields} for row in rows]
        return self.messages["ModelStatisticsResponse"](model_stats=known)

    @needs(Ability.SEE, keeps_scope=True)
    async def index(self, request: Any, context: Any) -> Any:
        return self.messages["RepositoryIndexResponse"](models=self.service.index(ready_only=request.ready))

    @needs(Ability.OPERATE)
    async def load(self, request: Any, context: Any) -> Any:
        version = parameters_of(request.parameters).get("version")
        await self.service.load(request.model_name, None if version is None else str(version))
        return self.messages["RepositoryModelLoadResponse"]()

    @needs(Ability.OPERATE)
    async def unload(self, request: Any, context: Any) -> Any:
        await self.service.unload(request.model_name)
        return self.messages["RepositoryModelUnloadResponse"]()


def answering(
    method: Callable[[Any, Any], Awaitable[Any]], access: Access, *, name: str = "", tracer: Tracer | None = None
) -> Callable[[Any, Any], Awaitable[Any]]:
    """A method behind its need, whose errors become gRPC statuses; others are left to gRPC, which logs them and says
    nothing. One that predicts is traced. Raises `TypeError` for a method that does not say what it needs.
    """
    codes, need = load_grpc().StatusCode, need_of(method)
    if need is None:
        raise TypeError(f"{method!r} does not say what it needs: mark it with `needs`.")
    is_traced = need.ability is Ability.PREDICT

    def trace(context: Any) -> AbstractContextManager[None]:
        return traced_call(name, tracer, context) if is_traced else nullcontext()

    async def answered(request: Any, context: Any) -> Any:
        try:
            with trace(context), acting_as(await admit(access, Claim(metadata_of(context), need, model_in(request)))):
                return await method(request, context)
        except DragomanError as error:
            await context.abort(getattr(codes, code_of(error)), str(error))

    return answered


# Reading ------------------------------------------------------------------------------------------------------------


def metadata_of(context: Any) -> dict[str, str]:
    return {name: value for name, value in context.invocation_metadata() or () if isinstance(value, str)}


def model_in(request: Any) -> str:
    """The model that a message is about, if it is about one."""
    return str(getattr(request, "model_name", "") or getattr(request, "name", ""))


def asked_of(request: Any, context: Any) -> Asked:
    outputs = [Output(one.name, classes_of(parameters_of(one.parameters))) for one in request.outputs]
    return Asked(
        tensors_of(request.inputs, request.raw_input_contents),
        parameters_of(request.parameters),
        outputs,
        caller=asking().id or context.peer().rpartition(":")[0],
        seconds=context.time_remaining(),
    )


def classes_of(parameters: Mapping[str, Any]) -> int:
    classes = parameters.get("classification", 0)
    return classes if isinstance(classes, int) else 0


def parameters_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """A map of choices as plain values."""
    return {name: getattr(one, one.WhichOneof("parameter_choice") or "bool_param") for name, one in given.items()}


def tensors_of(given: Sequence[Any], raw: Sequence[bytes]) -> list[Tensor]:
    """Each tensor, with its data from its own contents or, in the same order, from the raw ones."""
    if raw and len(raw) != len(given):
        raise InvalidRequest(f"There are {len(raw)} raw contents for {len(given)} tensors.", help="send one for each.")
    if raw:
        return [from_bytes(one.name, one.datatype, one.shape, data) for one, data in zip(given, raw, strict=True)]
    return [from_contents(one) for one in given]


def from_contents(tensor: Any) -> Tensor:
    if tensor.datatype not in CONTENTS:
        raise InvalidRequest(f"'{tensor.name}' is {tensor.datatype!r}, which has no contents.", help="send it raw.")
    data = list(getattr(tensor.contents, CONTENTS[tensor.datatype]))
    if tensor.datatype != "BYTES":
        return from_json(tensor.name, tensor.datatype, tensor.shape, data)
    try:
        texts = [one.decode() for one in data]
    except UnicodeDecodeError:
        raise InvalidRequest(f"A text of '{tensor.name}' is not UTF-8.", help="encode texts as UTF-8.") from None
    return from_json(tensor.name, "BYTES", tensor.shape, texts)


def load_grpc() -> Any:
    """The gRPC library. Raises `MissingExtra`."""
    try:
        import grpc.aio  # optional: extra grpc
    except ImportError:
        raise MissingExtra.of("grpc", "The gRPC server") from None
    return grpc
