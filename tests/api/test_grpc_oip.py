from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from typing import Any

import grpc
import numpy as np
import pytest
import tritonclient.grpc
from tests.api.world import LABELS, NAMES, table_of
from tritonclient.grpc import service_pb2
from tritonclient.utils import InferenceServerException

from dragoman.api.grpc_oip import GrpcServer, serve_grpc
from dragoman.api.grpc_schema import METHODS, SERVICE, message_classes
from dragoman.api.lifecycle import Lifecycle, Phase
from dragoman.errors import Conflict


@pytest.fixture(scope="module")
def server() -> Iterator[GrpcServer]:
    table = table_of()
    running = serve_grpc(table, "127.0.0.1", 0)
    yield running
    running.close()
    table.close()


@pytest.fixture
def client(server: GrpcServer) -> Iterator[Any]:
    with tritonclient.grpc.InferenceServerClient(f"127.0.0.1:{server.port}") as connected:
        yield connected


def text_input(*texts: str, name: str = "text") -> Any:
    tensor = tritonclient.grpc.InferInput(name, [len(texts)], "BYTES")
    tensor.set_data_from_numpy(np.array([text.encode() for text in texts], dtype=object))
    return tensor


def twin_of(name: str) -> Any:
    """Triton's own description of a message."""
    found = service_pb2.DESCRIPTOR
    outer, *inner = name.split(".")
    return (
        found.message_types_by_name[outer]
        if not inner
        else found.message_types_by_name[outer].nested_types_by_name[inner[0]]
    )


@pytest.mark.parametrize("name", message_classes())
def test_every_field_has_tritons_number_type_and_label(name: str) -> None:
    theirs = twin_of(name).fields_by_name
    for field in message_classes()[name].DESCRIPTOR.fields:
        twin = theirs[field.name]
        assert (field.number, field.type, field.is_repeated) == (twin.number, twin.type, twin.is_repeated), field.name
        kinds = [one.message_type and one.message_type.full_name for one in (field, twin)]
        assert kinds[0] == kinds[1]
        choices = [one.containing_oneof and one.containing_oneof.name for one in (field, twin)]
        assert choices[0] == choices[1]


def test_every_method_is_tritons() -> None:
    theirs = service_pb2.DESCRIPTOR.services_by_name["GRPCInferenceService"]
    assert theirs.full_name == SERVICE
    for name in METHODS:
        method = theirs.methods_by_name[name]
        assert (method.input_type.name, method.output_type.name) == (f"{name}Request", f"{name}Response")


def test_the_server_lives_is_ready_and_names_itself(client: Any) -> None:
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("support", "1")
    assert client.get_server_metadata().name == "dragoman"


def test_metadata_are_those_of_http(client: Any) -> None:
    found = client.get_model_metadata("support")
    assert [(one.name, one.datatype, list(one.shape)) for one in found.outputs] == [
        ("labels", "BYTES", [-1, -1]),
        ("scores", "FP32", [-1, -1]),
    ]


def test_texts_are_classified_and_the_id_is_echoed(client: Any) -> None:
    result = client.infer("support", [text_input("where is", "it")], request_id="r-7", parameters={"top": 2})
    assert result.get_response().id == "r-7"
    assert result.as_numpy("scores").shape == (2, 2)
    assert {label.decode() for label in result.as_numpy("labels").ravel()} <= set(LABELS)


def test_contents_that_are_not_raw_are_read_too(server: GrpcServer) -> None:
    tensor = {"name": "text", "datatype": "BYTES", "shape": [1], "contents": {"bytes_contents": [b"where is"]}}
    request = service_pb2.ModelInferRequest(model_name="vectors", inputs=[tensor])
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        method = channel.unary_unary(
            f"/{SERVICE}/ModelInfer",
            request_serializer=service_pb2.ModelInferRequest.SerializeToString,
            response_deserializer=service_pb2.ModelInferResponse.FromString,
        )
        answer = method(request, timeout=10)
    assert np.frombuffer(answer.raw_output_contents[0], "<f4").size == 8


def test_the_classification_extension_works(client: Any) -> None:
    wanted = tritonclient.grpc.InferRequestedOutput("scores", class_count=1)
    result = client.infer("support", [text_input("where")], outputs=[wanted])
    _, index, label = result.as_numpy("scores")[0, 0].decode().split(":")
    assert LABELS[int(index)] == label


@pytest.mark.parametrize(
    ("name", "tensor", "code"),
    [
        ("nobody", text_input("a"), "StatusCode.NOT_FOUND"),
        ("support", text_input(" "), "StatusCode.INVALID_ARGUMENT"),
        ("support", text_input("a", name="texts"), "StatusCode.INVALID_ARGUMENT"),
    ],
)
def test_an_error_has_its_status(client: Any, name: str, tensor: Any, code: str) -> None:
    with pytest.raises(InferenceServerException) as caught:
        client.infer(name, [tensor])
    assert caught.value.status() == code


def test_statistics_and_repository_answer(client: Any) -> None:
    client.infer("vectors", [text_input("where")])
    (row,) = client.get_inference_statistics("vectors").model_stats
    assert (row.name, row.inference_stats.success.count >= 1) == ("vectors", True)
    assert {one.name for one in client.get_model_repository_index().models} == set(NAMES)
    with pytest.raises(InferenceServerException) as caught:
        client.load_model("support")
    assert caught.value.status() == "StatusCode.UNIMPLEMENTED"


def test_a_draining_server_is_unavailable() -> None:
    table, lifecycle = table_of(), Lifecycle(Phase.DRAINING)
    server = serve_grpc(table, "127.0.0.1", 0, lifecycle=lifecycle)
    with tritonclient.grpc.InferenceServerClient(f"127.0.0.1:{server.port}") as client:
        ready, live = client.is_server_ready(), client.is_server_live()
        with pytest.raises(InferenceServerException) as caught:
            client.infer("support", [text_input("where")])
    server.close()
    table.close()
    assert (ready, live, caught.value.status()) == (False, True, "StatusCode.UNAVAILABLE")


def test_a_taken_port_is_a_conflict() -> None:
    table = table_of()
    with socket.create_server(("127.0.0.1", 0)) as listener, pytest.raises(Conflict, match="cannot be listened on"):
        serve_grpc(table, "127.0.0.1", listener.getsockname()[1])
    table.close()


def test_many_calls_at_once_get_right_answers(server: GrpcServer) -> None:
    async def ask_all() -> list[Any]:
        from tritonclient.grpc.aio import InferenceServerClient

        async with InferenceServerClient(f"127.0.0.1:{server.port}") as connected:
            texts = ["where is", "it", "my order please"] * 20
            results = await asyncio.gather(*[connected.infer("vectors", [text_input(text)]) for text in texts])
            return [result.as_numpy("embedding")[0].tolist() for result in results]

    vectors = asyncio.run(ask_all())
    assert vectors == vectors[:3] * 20
