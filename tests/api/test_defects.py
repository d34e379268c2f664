"""Defects that other servers have: none of them here."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import numpy as np
import pytest
from tests.api.world import LABELS, VECTOR, task_model, word_tokenizer

from dragoman.models.packing import PackedBatch
from dragoman.models.readouts import AllTokensReadout
from dragoman.runtime.base import FakeSession, Floats
from dragoman.serving.backbone import Backbone
from dragoman.serving.fakes import FakeDetector, HeldSession, fake_engine
from dragoman.serving.model import Model
from dragoman.serving.tasks.classification import TextClassification
from dragoman.spec import ServingSpec

pytestmark = pytest.mark.anyio


class Broken(FakeSession):
    def run(self, batch: PackedBatch) -> Floats:
        raise RuntimeError("/secret/path")


class FixedLogits(AllTokensReadout):
    """The same logits for every text."""

    key = "fixed"

    def __init__(self, *logits: float) -> None:
        self.logits = np.array(logits, dtype=np.float32)

    def read(self, hidden: Floats, batch: PackedBatch, texts: Any) -> list[Floats]:
        return [self.logits.copy() for _ in texts]


def classifier(problem: Any, *logits: float) -> Model:
    tokenizer, serving = word_tokenizer(), ServingSpec()
    labels = LABELS[: len(logits)]
    task = TextClassification(
        tokenizer=tokenizer, readout=FixedLogits(*logits), labels=labels, serving=serving, problem=problem
    )
    return Model(
        name="support",
        version="1",
        digest=problem,
        task=task,
        backbone=Backbone(tokenizer=tokenizer, engine=fake_engine(FakeSession()), digest="fixed"),
        detector=FakeDetector(),
        languages=(),
        serving=serving,
    )


async def scores_of(connect: Any, model: Model) -> list[float]:
    async with connect(model) as client:
        rows = (await client.post("/predict", json={"inputs": "where"})).json()
    return [row["score"] for row in rows]


async def test_defect_3_far_apart_logits_give_a_softmax_without_nan(connect: Any) -> None:
    assert await scores_of(connect, classifier("single", -60, 40)) == [1, 0]


async def test_defect_3_a_multi_label_model_answers_with_sigmoids(connect: Any) -> None:
    scores = await scores_of(connect, classifier("multi", 2.0, 2.0, -60))
    assert scores == pytest.approx([0.880797, 0.880797, 0], abs=1e-5)


async def test_defect_5_a_request_is_admitted_as_a_whole_or_not_at_all(connect: Any) -> None:
    session = HeldSession(VECTOR)
    model = task_model("embedding", session=session, serving=ServingSpec(max_queue_tokens=16))
    async with connect(model) as client:
        first = asyncio.ensure_future(client.post("/embed", json={"inputs": "it"}))
        await asyncio.to_thread(session.entered.wait, 10)
        second = asyncio.ensure_future(client.post("/embed", json={"inputs": "my order"}))
        while not model.backbone.engine.scheduler.waiting_tokens:  # noqa: ASYNC110 the queue has no event
            await asyncio.sleep(0.001)
        refused = await client.post("/embed", json={"inputs": ["where is", "cancel it", "please refund it"]})
        session.gate.set()
        answers = await asyncio.gather(first, second)
    assert (refused.status_code, refused.json()["error_type"]) == (429, "Overloaded")
    assert [response.status_code for response in answers] == [200, 200]
    assert sum(batch.texts for batch in session.batches) == 2


async def test_defect_5_a_request_larger_than_the_queue_succeeds_when_nothing_waits(connect: Any) -> None:
    model = task_model("embedding", serving=ServingSpec(max_queue_tokens=16))
    async with connect(model) as client:
        response = await client.post("/embed", json={"inputs": [f"my order {'it ' * count}" for count in range(30)]})
    assert (response.status_code, len(response.json())) == (200, 30)


@pytest.mark.parametrize(("unit", "encoding"), [("codepoint", "utf-32-le"), ("utf16", "utf-16-le"), ("byte", "utf-8")])
async def test_defect_7_offsets_count_what_the_caller_counts(connect: Any, unit: str, encoding: str) -> None:
    text, width = "🙂 ที่ где order été", {"utf-32-le": 4, "utf-16-le": 2, "utf-8": 1}[encoding]
    async with connect() as client:
        body = {"inputs": [text], "parameters": {"aggregation": "none", "offsets": unit}}
        entities = (await client.post("/v1/models/entities/predict", json=body)).json()["predictions"][0]["entities"]
    units = text.encode(encoding)
    assert entities
    cut = [units[width * one["start"] : width * one["end"]].decode(encoding) for one in entities]
    assert cut == [one["text"] for one in entities]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/models/support/predict", {"inputs": ["where"]}),
        ("/v1/models/support:predict", {"instances": ["where"]}),
        ("/predict", {"inputs": "where"}),
        ("/models/support", {"inputs": "where"}),
        ("/v2/models/support/infer", {"inputs": [{"name": "text", "shape": [1], "datatype": "BYTES", "data": ["a"]}]}),
    ],
)
async def test_defect_8_a_failure_is_never_200_and_never_tells_inner_words(
    connect: Any, caplog: pytest.LogCaptureFixture, path: str, body: Any
) -> None:
    async with connect(task_model("text-classification", session=Broken(3))) as client:
        response = await client.post(path, json=body)
    assert response.status_code >= 424
    assert "secret" not in response.text
    assert "secret" in caplog.text


async def test_defect_9_long_requests_do_not_hold_up_the_event_loop(connect: Any) -> None:
    session = HeldSession(VECTOR)
    async with connect(task_model("embedding", session=session)) as client:
        slow = asyncio.ensure_future(client.post("/embed", json={"inputs": ["where is my order"] * 500}))
        await asyncio.to_thread(session.entered.wait, 10)
        live = await asyncio.wait_for(client.get("/health/live"), timeout=5)
        session.gate.set()
        assert (live.status_code, (await slow).status_code) == (200, 200)


async def test_defect_9_an_answer_names_labels_and_no_padding(connect: Any) -> None:
    async with connect() as client:
        body = {"inputs": ["it", "where is my order please"], "parameters": {"aggregation": "none"}}
        short, _ = (await client.post("/v1/models/entities/predict", json=body)).json()["predictions"]
    assert len(short["entities"]) <= 1
    assert all(isinstance(one["label"], str) for one in short["entities"])


async def test_defect_11_the_number_in_flight_is_right_after_failures(connect: Any) -> None:
    model = task_model("text-classification", session=Broken(3))
    async with connect(model) as client:
        app: Any = client._transport.app
        await asyncio.gather(*[client.post("/predict", json={"inputs": f"it {n}"}) for n in range(20)])
        await client.post("/predict", content=b"{")
    assert app.lifecycle.in_flight == 0


async def test_defect_11_base64_is_obeyed_and_ids_are_counted_by_text(connect: Any) -> None:
    body = {"model": "vectors", "input": [[5, 6, 7], [5]], "encoding_format": "base64"}
    async with connect() as client:
        data = (await client.post("/v1/embeddings", content=json.dumps(body))).json()["data"]
    assert [len(base64.b64decode(one["embedding"])) for one in data] == [4 * VECTOR, 4 * VECTOR]
