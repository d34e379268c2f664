from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from dragoman.errors import InvalidRequest, Overloaded, TextTooLong
from dragoman.records import TextInput
from dragoman.serving.fakes import FAKE_WORDS, FakeDetector, HeldSession, fake_model
from dragoman.serving.model import Model
from dragoman.serving.parameters import Parameters
from dragoman.spec import ServingSpec

MakeModel = Callable[..., Model]


@pytest.fixture
def make_model() -> Iterator[MakeModel]:
    models: list[Model] = []

    def make(**changes: Any) -> Model:
        models.append(fake_model(**changes))
        return models[-1]

    yield make
    for model in models:
        model.close()


def test_a_single_text_gives_one_prediction(make_model: MakeModel) -> None:
    (prediction,) = make_model().predict("where is my order")
    assert (prediction.language, prediction.script, prediction.tokens) == ("en", "Latn", 6)
    assert (prediction.windows, prediction.truncated, len(prediction.id)) == (1, False, 26)
    assert sum(one.score for one in prediction.labels) == pytest.approx(1.0, abs=1e-5)


def test_a_given_language_wins_over_the_detected_one(make_model: MakeModel) -> None:
    given, detected = make_model().predict([{"text": "где заказ", "language": "en"}, TextInput(text="где заказ")])
    assert (given.language, detected.language, given.script) == ("en", "ru", "Cyrl")


def test_predictions_come_in_the_order_of_the_inputs(make_model: MakeModel) -> None:
    model = make_model(serving=ServingSpec(max_batch_tokens=16))
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(FAKE_WORDS, size=1 + number % 9)) for number in range(200)]
    alone = [model.predict(text)[0] for text in texts]
    together = model.predict(texts)
    assert [(one.labels, one.tokens) for one in together] == [(one.labels, one.tokens) for one in alone]


def test_top_limits_the_labels(make_model: MakeModel) -> None:
    assert len(make_model().predict("order", top=2)[0].labels) == 2


def test_an_unknown_parameter_is_refused_before_anything_runs(make_model: MakeModel) -> None:
    with pytest.raises(InvalidRequest, match="no parameter 'topp'"):
        make_model().predict("order", topp=2)


def test_a_cut_text_says_so(make_model: MakeModel) -> None:
    (prediction,) = make_model(max_tokens=4).predict("where is my order")
    assert (prediction.tokens, prediction.truncated) == (4, True)


def test_a_model_that_refuses_long_texts_says_how_long(make_model: MakeModel) -> None:
    model = make_model(max_tokens=4, serving=ServingSpec(too_long="refuse"))
    with pytest.raises(TextTooLong, match="6 tokens; the model accepts 4"):
        model.predict("where is my order")


def test_a_score_below_the_threshold_abstains(make_model: MakeModel) -> None:
    assert make_model(serving=ServingSpec(abstain_below=0.99)).predict("order")[0].abstained


@pytest.mark.parametrize("text", ["\x00\x01", "🙂", "a" + "\u0301" * 99_999, "\u202e\u200d"])
def test_odd_texts_are_answered(make_model: MakeModel, text: str) -> None:
    assert len(make_model().predict(text)[0].labels) == 3


def test_a_closed_model_is_a_context_manager_that_ended() -> None:
    with fake_model() as model:
        model.predict("order")
    assert model.drain(timeout=0)


@pytest.mark.anyio
async def test_a_request_answers_predictions_and_usage(make_model: MakeModel) -> None:
    predictions, usage = await make_model().predict_request(["order", TextInput(text="my order")], Parameters(top=1))
    assert [len(one.labels) for one in predictions] == [1, 1]
    assert usage.tokens == 7
    assert usage.inference_ms > 0


@pytest.mark.anyio
async def test_time_in_the_queue_is_told_from_time_in_the_session(make_model: MakeModel) -> None:
    session = HeldSession()
    model = make_model(session=session)
    first = asyncio.ensure_future(model.predict_request(["order"]))
    await asyncio.to_thread(session.entered.wait, 10)
    second = asyncio.ensure_future(model.predict_request(["my order"]))
    await asyncio.sleep(0.05)
    session.gate.set()
    assert (await first).usage.inference_ms >= 50
    usage = (await second).usage
    assert usage.queue_ms >= 40 > usage.inference_ms


@pytest.mark.anyio
async def test_cancelling_a_request_empties_the_queue(make_model: MakeModel) -> None:
    session = HeldSession()
    model = make_model(session=session)
    first = asyncio.ensure_future(model.predict_request(["order"]))
    await asyncio.to_thread(session.entered.wait, 10)
    second = asyncio.ensure_future(model.predict_request(["my order"] * 5))
    await asyncio.sleep(0.02)
    waited = model.engine.scheduler.waiting_tokens
    second.cancel()
    await asyncio.wait([second])
    session.gate.set()
    await first
    assert (waited, model.engine.scheduler.waiting_tokens, len(session.batches)) == (20, 0, 1)


@pytest.mark.anyio
async def test_a_full_queue_refuses_a_request(make_model: MakeModel) -> None:
    session = HeldSession()
    model = make_model(session=session, serving=ServingSpec(max_queue_tokens=16))
    running = asyncio.ensure_future(model.predict_request(["order"]))
    await asyncio.to_thread(session.entered.wait, 10)
    waiting = asyncio.ensure_future(model.predict_request(["my order"] * 3))
    await asyncio.sleep(0.02)
    with pytest.raises(Overloaded):
        await model.predict_request(["my order"] * 3)
    session.gate.set()
    await asyncio.gather(running, waiting)


@pytest.mark.anyio
async def test_large_requests_do_not_hold_up_the_event_loop(make_model: MakeModel) -> None:
    set_by_the_loop = threading.Event()

    class WaitingDetector(FakeDetector):
        def detect(self, text: str) -> tuple[str, float]:
            assert set_by_the_loop.wait(10), "the event loop did not run meanwhile"
            return super().detect(text)

    request = asyncio.ensure_future(make_model(detector=WaitingDetector()).predict_request(["order"] * 20))
    await asyncio.sleep(0.01)
    set_by_the_loop.set()
    assert len((await request).predictions) == 20
