"""Triton's client over HTTP; `tests/api/test_grpc_oip.py` has the one over gRPC."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import tritonclient.http
from tritonclient.utils import InferenceServerException


@pytest.fixture
def client(server: str) -> Iterator[Any]:
    with tritonclient.http.InferenceServerClient(server.removeprefix("http://")) as connected:
        yield connected


def text_input(*texts: str, binary: bool = True) -> Any:
    tensor = tritonclient.http.InferInput("text", [len(texts)], "BYTES")
    tensor.set_data_from_numpy(np.array(texts, dtype=object), binary_data=binary)
    return tensor


def test_the_server_and_its_models_answer(client: Any) -> None:
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("support", "1")
    assert client.get_server_metadata()["name"] == "dragoman"
    assert client.get_model_metadata("support")["inputs"][0]["datatype"] == "BYTES"


@pytest.mark.parametrize("binary_in", [True, False])
@pytest.mark.parametrize("binary_out", [True, False])
def test_texts_and_tensors_go_as_bytes_and_as_json(client: Any, *, binary_in: bool, binary_out: bool) -> None:
    wanted = [tritonclient.http.InferRequestedOutput(name, binary_data=binary_out) for name in ("scores", "labels")]
    tensor = text_input("where is", "été 🙂", binary=binary_in)
    result = client.infer("support", [tensor], outputs=wanted, request_id="r-7")
    assert result.get_response()["id"] == "r-7"
    assert result.as_numpy("scores").shape == (2, 3)
    assert result.as_numpy("labels").shape == (2, 3)


@pytest.mark.parametrize("algorithm", ["gzip", "deflate"])
def test_requests_may_be_compressed(client: Any, algorithm: str) -> None:
    asked = {"request_compression_algorithm": algorithm, "response_compression_algorithm": algorithm}
    result = client.infer("support", [text_input("where is", "été 🙂")], **asked)
    plain = client.infer("support", [text_input("where is", "été 🙂")])
    np.testing.assert_array_equal(result.as_numpy("scores"), plain.as_numpy("scores"))


def test_everything_is_binary_when_no_output_is_named(client: Any) -> None:
    vectors = client.infer("vectors", [text_input("my order")]).as_numpy("embedding")
    assert (vectors.dtype, vectors.shape) == (np.float32, (1, 8))


def test_priority_timeout_and_task_parameters_are_accepted(client: Any) -> None:
    result = client.infer("support", [text_input("it")], priority=2, timeout=5_000_000, parameters={"top": 1})
    assert result.as_numpy("scores").shape == (1, 1)


def test_the_classification_extension(client: Any) -> None:
    wanted = tritonclient.http.InferRequestedOutput("scores", class_count=2)
    rows = client.infer("support", [text_input("it")], outputs=[wanted]).as_numpy("scores")
    assert [len(row.decode().split(":")) for row in rows[0]] == [3, 3]


def test_statistics_and_repository(client: Any) -> None:
    client.infer("vectors", [text_input("my order")])
    (row,) = client.get_inference_statistics("vectors")["model_stats"]
    assert row["inference_stats"]["success"]["count"] >= 1
    assert {"support", "vectors"} <= {one["name"] for one in client.get_model_repository_index()}


def test_an_error_has_our_words(client: Any) -> None:
    with pytest.raises(InferenceServerException, match="There is no model 'nobody'"):
        client.infer("nobody", [text_input("it")])
