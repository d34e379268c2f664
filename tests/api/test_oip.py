from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
import pytest
from tests.api.world import LABELS, VECTOR, task_model

from dragoman.api.lifecycle import Lifecycle, Phase
from dragoman.errors import NotFound

pytestmark = pytest.mark.anyio
HEADER = "inference-header-content-length"


def text_tensor(*texts: str, name: str = "text", **more: Any) -> dict[str, Any]:
    return {"name": name, "shape": [len(texts)], "datatype": "BYTES", "data": list(texts)} | more


async def infer(connect: Any, name: str, body: Any, *members: Any) -> Any:
    async with connect(*members) as client:
        return await client.post(f"/v2/models/{name}/infer", json=body)


def outputs(response: Any) -> dict[str, Any]:
    assert response.status_code == 200, response.text
    return {one["name"]: one for one in response.json()["outputs"]}


async def test_the_server_tells_its_name_and_extensions(connect: Any) -> None:
    async with connect() as client:
        answer = (await client.get("/v2")).json()
    assert answer["name"] == "dragoman"
    assert {"classification", "model_repository", "binary_tensor_data", "statistics"} <= set(answer["extensions"])


async def test_live_and_ready_are_true(connect: Any) -> None:
    async with connect() as client:
        answers = [(await client.get(f"/v2/{path}")).json() for path in ("health/live", "health/ready")]
        model = (await client.get("/v2/models/support/versions/1/ready")).json()
    assert answers == [{"live": True}, {"ready": True}]
    assert model == {"name": "support", "ready": True}


async def test_a_draining_server_is_not_ready(connect: Any) -> None:
    async with connect(lifecycle=Lifecycle(Phase.DRAINING)) as client:
        responses = [await client.get(path) for path in ("/v2/health/ready", "/v2/models/support/ready")]
    assert [response.status_code for response in responses] == [503, 503]
    assert all(set(response.json()) == {"error"} and response.headers["retry-after"] for response in responses)


async def test_metadata_tells_the_tensors_of_every_task(connect: Any) -> None:
    async with connect() as client:
        found = {name: (await client.get(f"/v2/models/{name}")).json() for name in ("support", "ranker", "anything")}
    assert found["support"] == {
        "name": "support",
        "versions": ["1"],
        "platform": "dragoman",
        "inputs": [{"name": "text", "datatype": "BYTES", "shape": [-1]}],
        "outputs": [
            {"name": "labels", "datatype": "BYTES", "shape": [-1, -1]},
            {"name": "scores", "datatype": "FP32", "shape": [-1, -1]},
        ],
    }
    assert [one["name"] for one in found["ranker"]["inputs"]] == ["query", "texts"]
    assert [one["name"] for one in found["anything"]["inputs"]] == ["text", "candidate_labels"]


async def test_classification_answers_labels_and_scores_and_echoes_the_id(connect: Any) -> None:
    body = {"id": "r-7", "inputs": [text_tensor("where is", "my order")]}
    response = await infer(connect, "support", body)
    found = outputs(response)
    assert (response.json()["id"], response.json()["model_name"], response.json()["model_version"]) == (
        *("r-7", "support", "1"),
    )
    assert (found["labels"]["shape"], found["scores"]["shape"]) == ([2, 3], [2, 3])
    assert set(found["labels"]["data"][:3]) == set(LABELS)
    assert sum(found["scores"]["data"][:3]) == pytest.approx(1, abs=1e-5)


async def test_nested_data_and_a_column_shape_are_the_same_request(connect: Any) -> None:
    flat = outputs(await infer(connect, "vectors", {"inputs": [text_tensor("where is", "it")]}))
    nested = text_tensor(data=[["where is"], ["it"]], shape=[2, 1])
    assert outputs(await infer(connect, "vectors", {"inputs": [nested]})) == flat
    assert flat["embedding"]["shape"] == [2, VECTOR]


@pytest.mark.parametrize("name", ["args", "array_inputs"])
async def test_the_names_of_mlserver_are_understood(connect: Any, name: str) -> None:
    found = outputs(await infer(connect, "entities", {"inputs": [text_tensor("where is", name=name)]}))
    assert json.loads(found["output"]["data"][0])["entities"]


async def test_question_and_context_are_two_tensors(connect: Any) -> None:
    tensors = [text_tensor("where", name="question"), text_tensor("my order is it", name="context")]
    found = outputs(await infer(connect, "answers", {"inputs": tensors}))
    assert json.loads(found["output"]["data"][0])["answer"]["text"] in "my order is it"


async def test_candidate_labels_are_a_tensor(connect: Any) -> None:
    tensors = [text_tensor("where"), text_tensor("a", "b", name="candidate_labels")]
    found = outputs(await infer(connect, "anything", {"inputs": tensors, "parameters": {"multi_label": True}}))
    assert {row["label"] for row in json.loads(found["output"]["data"][0])["labels"]} == {"a", "b"}


async def test_a_ranking_is_an_index_and_scores(connect: Any) -> None:
    tensors = [text_tensor("order", name="query"), text_tensor("it", "where is my order", name="texts")]
    found = outputs(await infer(connect, "ranker", {"inputs": tensors}))
    assert (found["index"]["data"], found["index"]["datatype"]) == ([1, 0], "INT64")
    assert found["scores"]["data"] == sorted(found["scores"]["data"], reverse=True)


async def test_only_the_outputs_asked_for_are_answered(connect: Any) -> None:
    body = {"inputs": [text_tensor("where")], "outputs": [{"name": "scores"}]}
    assert set(outputs(await infer(connect, "support", body))) == {"scores"}


async def test_classification_gives_value_index_and_label(connect: Any) -> None:
    asked = [{"name": "scores", "parameters": {"classification": 2}}]
    found = outputs(await infer(connect, "support", {"inputs": [text_tensor("where", "it")], "outputs": asked}))
    assert (found["scores"]["datatype"], found["scores"]["shape"]) == ("BYTES", [2, 2])
    value, index, label = found["scores"]["data"][0].split(":")
    assert LABELS[int(index)] == label
    assert 0 < float(value) <= 1


async def test_binary_tensors_go_in_and_out(connect: Any) -> None:
    texts = [text.encode() for text in ("where is", "été 🙂")]
    blob = b"".join(struct.pack("<I", len(text)) + text for text in texts)
    tensor = {"name": "text", "shape": [2], "datatype": "BYTES", "parameters": {"binary_data_size": len(blob)}}
    header = json.dumps({"inputs": [tensor], "parameters": {"binary_data_output": True}}).encode()
    async with connect() as client:
        path = "/v2/models/vectors/infer"
        response = await client.post(path, content=header + blob, headers={HEADER: str(len(header))})
        plain = await client.post(path, json={"inputs": [text_tensor("where is", "été 🙂")]})
    length = int(response.headers[HEADER])
    (output,) = json.loads(response.content[:length])["outputs"]
    vectors = np.frombuffer(response.content[length:], "<f4")
    assert output["parameters"]["binary_data_size"] == len(response.content) - length == vectors.nbytes
    assert vectors.tolist() == outputs(plain)["embedding"]["data"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"inputs": [text_tensor("a", shape=[2])]}, 400),
        ({"inputs": [text_tensor("a", shape=[-1])]}, 400),
        ({"inputs": [text_tensor("a", shape=[1] * 9)]}, 400),
        ({"inputs": [text_tensor(data=[[["a"]]], shape=[1])]}, 400),
        ({"inputs": [text_tensor("a", datatype="STRING")]}, 400),
        ({"inputs": [text_tensor("a", datatype="INT64")]}, 400),
        ({"inputs": [text_tensor(data=[1], shape=[1])]}, 400),
        ({"inputs": [text_tensor("a", name="texts")]}, 400),
        ({"inputs": [{"name": "text", "shape": [1], "datatype": "BYTES"}]}, 400),
        ({"inputs": []}, 400),
        ({"inputs": [text_tensor("a")], "parameters": {"topp": 1}}, 400),
        ({"inputs": [text_tensor("a")], "parameters": {"timeout": "soon"}}, 400),
        ({"inputs": [text_tensor("a")], "outputs": [{"name": "score"}]}, 400),
        ({"inputs": [text_tensor("a")], "outputs": [{"name": "labels", "parameters": {"classification": 1}}]}, 400),
        ({"inputs": [text_tensor("a")], "parameters": {"timeout": 1}}, 504),
    ],
)
async def test_an_error_is_one_sentence(connect: Any, body: Any, status: int) -> None:
    response = await infer(connect, "support", body)
    assert (response.status_code, list(response.json())) == (status, ["error"])
    assert isinstance(response.json()["error"], str)


@pytest.mark.parametrize(
    ("length", "blob", "size"),
    [("9999", b"", 0), ("x", b"", 0), (None, b"abc", 3), (None, b"", 4), (None, b"abcdefgh", 4)],
)
async def test_binary_data_that_do_not_fit_are_refused(
    connect: Any, length: str | None, blob: bytes, size: int
) -> None:
    tensor = {"name": "text", "shape": [1], "datatype": "BYTES", "parameters": {"binary_data_size": size}}
    header = json.dumps({"inputs": [tensor]}).encode()
    async with connect() as client:
        headers = {HEADER: length or str(len(header))}
        response = await client.post("/v2/models/support/infer", content=header + blob, headers=headers)
    assert (response.status_code, list(response.json())) == (400, ["error"])


async def test_an_unknown_model_is_404_and_so_is_a_version(connect: Any) -> None:
    async with connect() as client:
        paths = ("/v2/models/nobody", "/v2/models/support/versions/9", "/v2/models/nobody/stats", "/v2/nothing")
        responses = [await client.get(path) for path in paths]
    assert [response.status_code for response in responses] == [404] * 4
    assert all(list(response.json()) == ["error"] for response in responses)


async def test_a_model_without_versions_answers_as_version_1_too(connect: Any) -> None:
    async with connect(task_model("text-classification", version="")) as client:
        found = (await client.get("/v2/models/support/versions/1")).json()
        answer = await client.post("/v2/models/support/versions/1/infer", json={"inputs": [text_tensor("where")]})
        (row,) = (await client.get("/v2/models/support/versions/1/stats")).json()["model_stats"]
        (index,) = (await client.post("/v2/repository/index")).json()
    assert (found["versions"], answer.json()["model_version"]) == (["1"], "1")
    assert (row["version"], row["inference_count"], index["version"]) == ("1", 1, "1")


async def test_statistics_count_requests_inputs_and_failures_of_every_dialect(connect: Any) -> None:
    async with connect(task_model("text-classification")) as client:
        await client.post("/v2/models/support/infer", json={"inputs": [text_tensor("where", "it")]})
        await client.post("/v1/models/support/predict", json={"inputs": ["where"]})
        await client.post("/v1/models/support/predict", json={"inputs": [" "]})
        (row,) = (await client.get("/v2/models/support/stats")).json()["model_stats"]
    assert (row["inference_count"], row["execution_count"], row["last_inference"] > 0) == (3, 2, True)
    assert {key: row["inference_stats"][key]["count"] for key in ("success", "fail", "queue")} == {
        "success": 2,
        "fail": 1,
        "queue": 2,
    }


class Shelf:
    """A repository that notes what it is asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []

    def load(self, name: str, version: str | None) -> None:
        if name == "nobody":
            raise NotFound("There is no model 'nobody'.")
        self.asked.append(("load", name, version or ""))

    def unload(self, name: str) -> None:
        self.asked.append(("unload", name))


async def test_the_repository_loads_and_unloads(connect: Any) -> None:
    shelf = Shelf()
    async with connect(repository=shelf) as client:
        root = "/v2/repository/models"
        loaded = await client.post(f"{root}/support/load", json={"parameters": {"version": "3"}})
        unloaded = await client.post(f"{root}/support/unload")
        missing = await client.post(f"{root}/nobody/load")
    assert (loaded.status_code, unloaded.status_code, missing.status_code) == (200, 200, 404)
    assert shelf.asked == [("load", "support", "3"), ("unload", "support")]


@pytest.mark.parametrize("path", ["index", "models/support/load"])
async def test_an_unknown_field_of_the_repository_is_refused(connect: Any, path: str) -> None:
    async with connect(repository=Shelf()) as client:
        response = await client.post(f"/v2/repository/{path}", json={"redy": True})
    assert response.status_code == 400
    assert "'redy'" in response.json()["error"]


async def test_a_server_without_a_repository_says_so(connect: Any) -> None:
    async with connect() as client:
        response = await client.post("/v2/repository/models/support/load")
        index = (await client.post("/v2/repository/index", json={"ready": True})).json()
    assert response.status_code == 501
    assert {"name": "support", "version": "1", "state": "READY", "reason": ""} in index
