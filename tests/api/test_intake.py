from __future__ import annotations

import time
from typing import Any

import pytest
from starlette.requests import Request
from tests.api.world import task_model

from dragoman.api.intake import caller_of, options_of
from dragoman.serving.options import Options

pytestmark = pytest.mark.anyio


def request_with(*, key: str = "", address: str = "192.0.2.7") -> Request:
    headers = [(b"authorization", key.encode())] if key else []
    return Request({"type": "http", "headers": headers, "client": (address, 5_000)})


async def test_a_caller_is_its_key_wherever_it_calls_from() -> None:
    here, there = request_with(key="Bearer a"), request_with(key="Bearer a", address="192.0.2.8")
    assert caller_of(here) == caller_of(there) != caller_of(request_with(key="Bearer b"))
    assert "Bearer" not in caller_of(here)


async def test_a_caller_without_a_key_is_its_address() -> None:
    assert caller_of(request_with()) == "192.0.2.7"


async def test_seconds_become_a_deadline() -> None:
    options = options_of(request_with(), priority="bulk", seconds=60)
    assert options.priority == "bulk"
    assert options.deadline is not None
    assert 0 < options.deadline - time.monotonic() <= 60


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("/v1/models/support/predict", {"inputs": ["it"]}, ("online", False)),
        ("/v1/models/support/predict", {"inputs": ["it"], "priority": "bulk", "timeout_ms": 9_000}, ("bulk", True)),
        ("/v2/models/support/infer", {"parameters": {"priority": 1}}, ("online", False)),
        ("/v2/models/support/infer", {"parameters": {"priority": 2, "timeout": 9_000_000}}, ("bulk", True)),
    ],
)
async def test_urgency_reaches_the_engine(
    connect: Any, monkeypatch: pytest.MonkeyPatch, path: str, body: Any, expected: Any
) -> None:
    model, seen = task_model("text-classification"), []
    ask = model.predict_request

    async def noted(inputs: Any, parameters: Any, options: Options) -> Any:
        seen.append(options)
        return await ask(inputs, parameters, options)

    monkeypatch.setattr(model, "predict_request", noted)
    if path.endswith("infer"):
        body = body | {"inputs": [{"name": "text", "shape": [1], "datatype": "BYTES", "data": ["it"]}]}
    async with connect(model) as client:
        response = await client.post(path, json=body)
    assert response.status_code == 200
    assert [(one.priority, one.deadline is not None) for one in seen] == [expected]
