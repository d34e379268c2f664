"""Models of tables, and of texts with features, in every dialect."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest
import tritonclient.grpc
from tests.api.world import table_of, task_model

from dragoman.api.grpc_oip import serve_grpc
from dragoman.api.messages import answer_type
from dragoman.records import FeatureColumn
from dragoman.serving.lookup import FakeLookup, Found
from dragoman.serving.model import Model
from dragoman.serving.table_fakes import VIEW_COLUMNS, fake_table
from dragoman.serving.tasks.tabular import TabularClassification, TabularRegression

pytestmark = pytest.mark.anyio
ROWS = {"orders": {"c-1": {"count_30d": 3, "last": "pen"}}}
PRICES = "/v1/models/prices"


def over_views(**rows: Any) -> Model:
    return fake_table(columns=VIEW_COLUMNS, lookup=FakeLookup(rows or ROWS))


def tensor(name: str, datatype: str, data: list[Any], **more: Any) -> dict[str, Any]:
    return {"name": name, "datatype": datatype, "shape": [len(data)], "data": data} | more


async def test_rows_are_answered_in_order_with_their_interval(connect: Any) -> None:
    body = {"inputs": [{"features": {"age": 41}}, {"features": {"age": 2, "plan": "silver"}, "language": "de"}]}
    async with connect() as client:
        response = await client.post(f"{PRICES}/predict", json=body)
    answer = msgspec.json.decode(response.content, type=answer_type(TabularRegression))
    assert [(one.value, one.low, one.high) for one in answer.predictions] == [(41.0, 39.0, 43.0), (3.0, 1.0, 5.0)]
    assert [one.language for one in answer.predictions] == ["und", "de"]
    assert answer.usage.tokens == 0


async def test_a_row_alone_needs_no_list_and_labels_come_best_first(connect: Any) -> None:
    body = {"inputs": {"features": {"age": 2}}, "parameters": {"top": 1}}
    async with connect() as client:
        response = await client.post("/v1/models/scoring/predict", json=body)
    answer = msgspec.json.decode(response.content, type=answer_type(TabularClassification))
    assert [one.label for one in answer.predictions[0].labels] == ["invoice"]


async def test_features_of_views_are_looked_up_by_the_key(connect: Any) -> None:
    async with connect(over_views()) as client:
        asked = [{"key": "c-1", "features": {"age": 10}}, {"key": {"customer": 7}}]
        response = await client.post(f"{PRICES}/predict", json={"inputs": asked})
    assert [one["value"] for one in response.json()["predictions"]] == [14.0, 0.0]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"inputs": [{"features": {"agee": 1}}]}, "Input 0 has an unknown column 'agee'."),
        (
            {"inputs": [{"features": {}}, {"features": {"age": "old"}}]},
            "'age' of input 1 is of type str, not a number.",
        ),
        ({"inputs": [{"features": {"age": True}}]}, "The column 'age' of input 0 is of type bool, not a number."),
        ({"inputs": [{"age": 1}]}, "'inputs[0]' has an unknown field 'age'."),
        ({"inputs": ["where"]}, "'inputs[0]' is wrong"),
        ({"inputs": [{"features": {}, "key": 1.5}]}, "'inputs[0].key' is wrong"),
        ({"inputs": []}, "The request has no inputs."),
        ({"inputs": [{}], "parameters": {"too_long": "refuse"}}, "unknown field 'too_long'"),
    ],
)
async def test_a_wrong_row_is_refused_with_its_place(connect: Any, body: Any, message: str) -> None:
    async with connect() as client:
        response = await client.post(f"{PRICES}/predict", json=body)
    error = response.json()["error"]
    assert response.status_code == 400
    assert message in error["message"]
    assert error["help"]


async def test_a_store_that_does_not_answer_is_503(connect: Any) -> None:
    class Broken(FakeLookup):
        def find(self, asked: Any, now: int) -> list[Found]:
            raise TimeoutError("redis://secret")

    async with connect(fake_table(columns=VIEW_COLUMNS, lookup=Broken(ROWS))) as client:
        response = await client.post(f"{PRICES}/predict", json={"inputs": [{"key": "c-1"}]})
    assert (response.status_code, response.headers["retry-after"]) == (503, "1")
    assert "secret" not in response.text


async def test_a_model_tells_its_columns_and_views(connect: Any) -> None:
    async with connect(over_views(), task_model("text-classification")) as client:
        prices = (await client.get(PRICES)).json()
        rows = (await client.get("/v1/models")).json()["models"]
        ready = await client.get("/health/ready")
    assert (prices["task"], prices["max_tokens"], prices["views"]) == ("tabular-regression", 0, ["orders"])
    assert prices["columns"][2] == {"name": "orders.count_30d", "kind": "number", "view": "orders", "required": False}
    assert [(row["columns"] == [], row["views"]) for row in rows] == [(False, ["orders"]), (True, [])]
    assert ready.status_code == 200


async def test_features_for_a_model_of_texts_are_refused(connect: Any) -> None:
    async with connect() as client:
        body = {"inputs": [{"text": "where", "features": {"age": 1}}]}
        response = await client.post("/v1/models/support/predict", json=body)
    assert (response.status_code, "reads no features" in response.text) == (400, True)


async def test_instances_of_kserve_are_rows(connect: Any) -> None:
    async with connect() as client:
        response = await client.post(f"{PRICES}:predict", json={"instances": [{"features": {"age": 41}}]})
        wrong = await client.post(f"{PRICES}:predict", json={"instances": [{"features": {"age": [41]}}]})
    assert response.json()["predictions"][0]["value"] == 41.0
    assert (wrong.status_code, list(wrong.json())) == (400, ["error"])


# The Open Inference Protocol


async def infer(connect: Any, tensors: list[Any], *members: Model, name: str = "prices") -> dict[str, Any]:
    async with connect(*members) as client:
        response = await client.post(f"/v2/models/{name}/infer", json={"inputs": tensors})
    assert response.status_code == 200, response.text
    return {one["name"]: one for one in response.json()["outputs"]}


async def test_metadata_has_a_tensor_for_each_column_and_the_key(connect: Any) -> None:
    columns = (*VIEW_COLUMNS, FeatureColumn(name="text", kind="category"))
    async with connect(fake_table(columns=columns)) as client:
        found = (await client.get("/v2/models/prices")).json()
    assert [(one["name"], one["datatype"], one["shape"]) for one in found["inputs"]] == [
        ("age", "FP64", [-1]),
        ("plan", "BYTES", [-1]),
        ("features.text", "BYTES", [-1]),
        ("key", "BYTES", [-1]),
    ]
    assert [(one["name"], one["datatype"]) for one in found["outputs"]] == [
        *(("value", "FP64"), ("low", "FP64"), ("high", "FP64"))
    ]


@pytest.mark.parametrize(("datatype", "ages"), [("FP64", [41.0, 1.0]), ("INT64", [41, 1]), ("FP32", [[41.0], [1.0]])])
async def test_each_column_is_a_tensor_and_rows_are_answered_with_values(
    connect: Any, datatype: str, ages: list[Any]
) -> None:
    shape = {"shape": [2, 1]} if datatype == "FP32" else {}
    found = await infer(connect, [tensor("age", datatype, ages, **shape), tensor("plan", "BYTES", ["silver", ""])])
    assert {name: (one["datatype"], one["data"]) for name, one in found.items()} == {
        "value": ("FP64", [42.0, 1.0]),
        "low": ("FP64", [40.0, -1.0]),
        "high": ("FP64", [44.0, 3.0]),
    }


async def test_labels_and_scores_of_rows_are_tensors(connect: Any) -> None:
    found = await infer(connect, [tensor("age", "FP64", [2.0, -2.0])], name="scoring")
    assert (found["labels"]["shape"], found["labels"]["data"][0]) == ([2, 3], "invoice")
    assert sum(found["scores"]["data"][:3]) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    "keys",
    [[tensor("key", "BYTES", ["c-1"])], [tensor("key", "INT64", [17])], [tensor("key.customer", "BYTES", ["c-1"])]],
)
async def test_keys_are_tensors_too(connect: Any, keys: list[Any]) -> None:
    rows = {"c-1": {"count_30d": 3}, "17": {"count_30d": 3}, "{'customer': 'c-1'}": {"count_30d": 3}}
    model = fake_table(columns=VIEW_COLUMNS[:3], lookup=FakeLookup({"orders": rows}))
    assert (await infer(connect, keys, model))["value"]["data"] == [3.0]


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ([tensor("agee", "FP64", [1.0])], "There is no input tensor 'agee'"),
        ([tensor("age", "FP64", [1.0]), tensor("plan", "BYTES", ["a", "b"])], "elements"),
        ([tensor("age", "BYTES", ["old"])], "The column 'age' of input 0 is of type str"),
        ([tensor("key", "BYTES", ["a"]), tensor("key.shop", "BYTES", ["b"])], "There are 'key' and parts of a key"),
        ([tensor("text", "BYTES", ["a"])], "There is no input tensor 'text'"),
        ([], "The request has no inputs"),
    ],
)
async def test_tensors_that_do_not_fit_are_refused(connect: Any, tensors: list[Any], message: str) -> None:
    async with connect() as client:
        response = await client.post("/v2/models/prices/infer", json={"inputs": tensors})
    assert response.status_code == 400
    assert message in response.json()["error"]


def test_rows_are_answered_over_grpc() -> None:
    table = table_of(over_views())
    server = serve_grpc(table, "127.0.0.1", 0)
    try:
        with tritonclient.grpc.InferenceServerClient(f"127.0.0.1:{server.port}") as client:
            age, key = (tritonclient.grpc.InferInput(*one) for one in (("age", [1], "FP64"), ("key", [1], "BYTES")))
            age.set_data_from_numpy(np.array([41.0]))
            key.set_data_from_numpy(np.array([b"c-1"], dtype=object))
            answer = client.infer("prices", [age, key])
            assert answer.as_numpy("value").tolist() == [45.0]
    finally:
        server.close()
        table.close()


# Dialects of texts


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/models/prices/tokenize", {"inputs": "where"}),
        ("/models/prices/decode", {"ids": [0, 5]}),
        ("/models/prices/embed", {"inputs": "where"}),
        ("/models/prices/predict", {"inputs": "where"}),
    ],
)
async def test_what_needs_a_text_is_refused_by_a_table(connect: Any, path: str, body: Any) -> None:
    async with connect() as client:
        response = await client.post(path, json=body)
    assert 400 <= response.status_code < 500, response.text
    assert "tabular-regression" in response.text


async def test_tokens_are_those_of_the_first_model_that_reads_texts(connect: Any) -> None:
    async with connect(fake_table(), task_model("text-classification")) as client:
        found = await client.post("/tokenize", json={"inputs": "where is"})
        info = await client.get("/models/prices/info")
        vectors = await client.post("/v1/embeddings", json={"model": "prices", "input": "where"})
    assert (found.status_code, len(found.json()[0]), info.json()["max_input_length"]) == (200, 4, 0)
    assert vectors.status_code == 400
