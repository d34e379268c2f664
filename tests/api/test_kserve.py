from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.anyio


async def test_instances_are_answered_with_predictions(connect: Any) -> None:
    async with connect() as client:
        answer = (
            await client.post("/v1/models/support:predict", json={"instances": ["where is", {"text": "it"}]})
        ).json()
        native = (await client.post("/v1/models/support/predict", json={"inputs": ["where is", "it"]})).json()
    assert list(answer) == ["predictions"]
    labels = [[one["labels"] for one in body["predictions"]] for body in (answer, native)]
    assert labels[0] == labels[1]


@pytest.mark.parametrize("path", ["/v1/models/support@champion:predict", "/v1/models/support/versions/1:predict"])
async def test_aliases_and_versions_are_reached(connect: Any, path: str) -> None:
    async with connect() as client:
        response = await client.post(path, json={"instances": ["where"], "parameters": {"top": 1}})
    assert response.status_code == 200
    assert len(response.json()["predictions"][0]["labels"]) == 1


async def test_a_model_tells_whether_it_is_ready(connect: Any) -> None:
    async with connect() as client:
        answer = (await client.get("/v1/models/support")).json()
    assert (answer["name"], answer["ready"]) == ("support", True)


@pytest.mark.parametrize(
    ("name", "body", "status"),
    [
        ("nobody", {"instances": ["a"]}, 404),
        ("support", {"instances": []}, 400),
        ("support", {"inputs": ["a"]}, 400),
        ("anything", {"instances": ["a"]}, 400),
    ],
)
async def test_a_failure_is_never_200(connect: Any, name: str, body: Any, status: int) -> None:
    async with connect() as client:
        response = await client.post(f"/v1/models/{name}:predict", json=body)
    assert (response.status_code, list(response.json())) == (status, ["error"])
