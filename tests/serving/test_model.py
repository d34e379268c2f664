from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.serving.conftest import MakeModel

from dragoman.errors import DeadlineExceeded, DragomanError, InvalidRequest, Overloaded, WrongTask
from dragoman.models.packing import PackedBatch
from dragoman.records import QuestionInput, RankInput, RowInput, TextInput
from dragoman.runtime.row_session import RowSession
from dragoman.serving.cache import ResultCache
from dragoman.serving.fakes import FAKE_WORDS, FakeDetector, FakeParameters, HeldSession, fake_backbone, fake_model
from dragoman.serving.lookup import FakeLookup, Found, Wanted
from dragoman.serving.model import Model
from dragoman.serving.observer import Answered, Failed, Silent, TextSeen
from dragoman.serving.options import Options
from dragoman.serving.requests import is_small
from dragoman.serving.table_fakes import VIEW_COLUMNS, fake_table, sums
from dragoman.spec import ServingSpec


async def until_waiting(model: Model, pieces: int) -> None:
    async with asyncio.timeout(10):
        while model.backbone.engine.scheduler.waiting_pieces != pieces:  # noqa: ASYNC110 (the engine knows no loop)
            await asyncio.sleep(0.001)


def test_a_single_text_gives_one_prediction(make_model: MakeModel) -> None:
    (prediction,) = make_model().predict("where is my order")
    assert (prediction.language, prediction.script, prediction.tokens) == ("en", "Latn", 6)
    assert (prediction.windows, prediction.truncated, len(prediction.id)) == (1, False, 26)
    assert sum(one.score for one in prediction.labels) == pytest.approx(1.0, abs=1e-5)


def test_a_given_language_wins_over_the_detected_one(make_model: MakeModel) -> None:
    given, detected = make_model().predict([{"text": "где заказ", "language": "en"}, TextInput(text="где заказ")])
    assert (given.language, detected.language, given.script) == ("en", "ru", "Cyrl")


def test_predictions_come_in_the_order_of_the_inputs(make_model: MakeModel) -> None:
    model = make_model(serving=ServingSpec(max_batch_tokens=16, max_inputs=64))
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(FAKE_WORDS, size=1 + number % 9)) for number in range(200)]
    alone = [model.predict(text)[0] for text in texts]
    together = model.predict(texts)
    assert [(one.labels, one.tokens) for one in together] == [(one.labels, one.tokens) for one in alone]


def test_parameters_reach_the_task(make_model: MakeModel) -> None:
    assert len(make_model().predict("order", top=2)[0].labels) == 2


def test_an_unknown_parameter_is_refused_before_anything_runs(make_model: MakeModel) -> None:
    with pytest.raises(InvalidRequest, match="no parameter 'topp'"):
        make_model().predict("order", topp=2)


def test_a_cut_text_says_so(make_model: MakeModel) -> None:
    (prediction,) = make_model(max_tokens=4).predict("where is my order")
    assert (prediction.tokens, prediction.truncated) == (4, True)


@pytest.mark.parametrize("text", ["\x00\x01", "🙂", "a" + "\u0301" * 99_999, "\u202e\u200d"])
def test_odd_texts_are_answered(make_model: MakeModel, text: str) -> None:
    assert len(make_model().predict(text)[0].labels) == 3


def test_a_closed_model_is_a_context_manager_that_ended() -> None:
    with fake_model() as model:
        model.predict("order")
    assert model.backbone.is_closed


def test_two_models_of_one_backbone_and_cache_answer_for_themselves(make_model: MakeModel) -> None:
    """PROTOCOLS 6.1: another model's answer from the cache."""
    backbone = fake_backbone(cache=ResultCache(10_000))
    one = make_model(name="one", digest="one", backbone=backbone)
    two = make_model(name="two", digest="two", backbone=backbone)
    for model in (one, two, one, two):
        model.predict("where is my order")
    assert len(backbone.engine.session.batches) == 2


def test_a_hit_answers_what_the_first_answer_was(make_model: MakeModel) -> None:
    backbone = fake_backbone(cache=ResultCache(10_000))
    model = make_model(backbone=backbone)
    first, again = model.predict("where is my order"), model.predict("where is my order")
    assert first[0].labels == again[0].labels
    assert len(backbone.engine.session.batches) == 1


@pytest.mark.anyio
async def test_a_request_answers_predictions_and_usage(make_model: MakeModel) -> None:
    inputs = ["order", TextInput(text="my order")]
    answer = await make_model().predict_request(inputs, FakeParameters(top=1))
    assert [len(one.labels) for one in answer.predictions] == [1, 1]
    assert (answer.usage.tokens, answer.version) == (7, "1")
    assert answer.usage.inference_ms > 0


@pytest.mark.anyio
async def test_a_hit_costs_no_inference(make_model: MakeModel) -> None:
    model = make_model(backbone=fake_backbone(cache=ResultCache(10_000)))
    await model.predict_request(["order"])
    usage = (await model.predict_request(["order"])).usage
    assert (usage.tokens, usage.queue_ms, usage.inference_ms) == (3, 0.0, 0.0)


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
    await until_waiting(model, 5)
    second.cancel()
    await asyncio.wait([second])
    assert model.backbone.engine.scheduler.waiting_pieces == 0
    session.gate.set()
    await first
    assert len(session.batches) == 1


@pytest.mark.anyio
async def test_a_full_queue_refuses_a_request(make_model: MakeModel) -> None:
    session = HeldSession()
    model = make_model(session=session, serving=ServingSpec(max_queue_tokens=16))
    running = asyncio.ensure_future(model.predict_request(["order"]))
    await asyncio.to_thread(session.entered.wait, 10)
    waiting = asyncio.ensure_future(model.predict_request(["my order", "my refund", "is it"]))
    await until_waiting(model, 3)
    with pytest.raises(Overloaded):
        await model.predict_request(["where is", "cancel it"])
    session.gate.set()
    await asyncio.gather(running, waiting)


@pytest.mark.anyio
async def test_a_request_past_its_deadline_is_not_run(make_model: MakeModel) -> None:
    session = HeldSession()
    model = make_model(session=session)
    running = asyncio.ensure_future(model.predict_request(["order"]))
    await asyncio.to_thread(session.entered.wait, 10)
    options = Options(deadline=time.monotonic() + 0.5)
    late = asyncio.ensure_future(model.predict_request(["my order"], options=options))
    await until_waiting(model, 1)
    await asyncio.sleep(0.51)
    session.gate.set()
    with pytest.raises(DeadlineExceeded):
        await late
    await running
    assert len(session.batches) == 1


@pytest.mark.anyio
async def test_large_requests_do_not_hold_up_the_event_loop(make_model: MakeModel) -> None:
    set_by_the_loop = threading.Event()

    class WaitingDetector(FakeDetector):
        def detect(self, text: str, *, script: str = "") -> tuple[str, float]:
            assert set_by_the_loop.wait(10), "the event loop did not run meanwhile"
            return super().detect(text)

    request = asyncio.ensure_future(make_model(detector=WaitingDetector()).predict_request(["order"] * 20))
    await asyncio.sleep(0.01)
    set_by_the_loop.set()
    assert len((await request).predictions) == 20


class Listener(Silent):
    """Remembers the requests that it is told of."""

    def __init__(self) -> None:
        self.answers: list[Answered] = []
        self.errors: list[tuple[str, str, str, type[BaseException]]] = []

    def answered(self, request: Answered) -> None:
        self.answers.append(request)

    def failed(self, request: Failed) -> None:
        self.errors.append((request.model, request.version, request.task, type(request.error)))


def test_the_observer_hears_each_answer(make_model: MakeModel) -> None:
    listener = Listener()
    make_model(observer=listener, max_tokens=4).predict(["order", "где мой заказ"])
    (heard,) = listener.answers
    assert (heard.model, heard.version, heard.task) == ("support", "1", "text-classification")
    assert [text[:3] for text in heard.texts] == [TextSeen("en", 3, False)[:3], TextSeen("ru", 4, True)[:3]]
    assert heard.seconds >= heard.queue_seconds >= 0


def test_the_observer_hears_a_long_list_as_the_requests_that_it_becomes(make_model: MakeModel) -> None:
    listener = Listener()
    make_model(observer=listener, serving=ServingSpec(max_inputs=4)).predict(["order"] * 10)
    assert [len(heard.texts) for heard in listener.answers] == [4, 4, 2]


def test_the_observer_hears_errors(make_model: MakeModel) -> None:
    listener = Listener()
    with pytest.raises(InvalidRequest):
        make_model(observer=listener).predict([""])
    assert (listener.answers, listener.errors) == ([], [("support", "1", "text-classification", InvalidRequest)])


@pytest.mark.anyio
async def test_a_caller_who_gives_up_is_no_error(make_model: MakeModel) -> None:
    session, listener = HeldSession(), Listener()
    request = asyncio.ensure_future(make_model(session=session, observer=listener).predict_request(["order"]))
    await asyncio.to_thread(session.entered.wait, 10)
    request.cancel()
    await asyncio.wait([request])
    session.gate.set()
    assert (listener.answers, listener.errors) == ([], [])


@pytest.mark.parametrize("inputs", ["where is it", {"text": "where is it"}, TextInput(text="where is it")])
def test_a_bare_input_is_a_list_of_one(make_model: MakeModel, inputs: object) -> None:
    (prediction,) = make_model().predict(inputs)
    assert prediction.tokens == 5


def test_any_iterable_of_texts_is_answered(make_model: MakeModel) -> None:
    assert len(make_model().predict(text for text in ("order", "refund"))) == 2


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (7, "The inputs are of type int"),
        (None, "The inputs are of type NoneType"),
        (b"order", "The inputs are of type bytes"),
        ([b"order"], "Input 0 is of type bytes"),
        (["order", None], "Input 1 is of type NoneType"),
        ([QuestionInput(question="who", context="me")], "Input 0 is of type QuestionInput"),
        ({"text": 7}, "The text of input 0 is of type int"),
        ([], "no inputs"),
    ],
)
def test_inputs_of_a_wrong_type_are_refused(make_model: MakeModel, inputs: object, message: str) -> None:
    with pytest.raises(InvalidRequest, match=message):
        make_model().predict(inputs)


def test_an_error_in_a_long_list_tells_which_part_it_counts_in(make_model: MakeModel) -> None:
    model = make_model(serving=ServingSpec(max_inputs=4))
    with pytest.raises(InvalidRequest, match="In the part from input 4 on: Text 2 is empty"):
        model.predict(["order"] * 6 + [""])


@pytest.mark.parametrize(
    "inputs", ["order", {"text": "order"}, TextInput(text="order"), ["order"] * 8, [TextInput(text="o" * 1_000)]]
)
def test_what_is_quickly_prepared_stays_on_the_event_loop(inputs: object) -> None:
    assert is_small(inputs)


@pytest.mark.parametrize(
    "inputs",
    [
        ["order"] * 9,
        "o" * 1_001,
        TextInput(text="o" * 1_001),
        RankInput(query="order", texts=["o" * 600] * 2),
        (text for text in ["order"]),
    ],
)
def test_what_takes_longer_or_may_leaves_the_event_loop(inputs: object) -> None:
    assert not is_small(inputs)


ROWS = {"orders": {"c-1": {"count_30d": 3, "last": "pen"}}}


@pytest.mark.anyio
@pytest.mark.parametrize("waits", [False, True])
async def test_what_was_served_comes_with_the_answer(waits: Any) -> None:
    lookup = FakeLookup(ROWS, waits=waits)
    with fake_table(columns=VIEW_COLUMNS, lookup=lookup) as model:
        answer = await model.predict_request([RowInput(features={"age": 4}, key="c-1")])
    (served,) = answer.served
    assert dict(served.features) == {"age": 4, "plan": None, "orders.count_30d": 3, "orders.last": "pen"}
    assert (served.key, bool(served.time), answer.predictions[0].value, answer.usage.tokens) == ("c-1", True, 8.0, 0)


@pytest.mark.anyio
async def test_a_store_that_waits_does_not_hold_up_the_event_loop() -> None:
    gate = threading.Event()

    class SlowLookup(FakeLookup):
        def find(self, asked: Sequence[Wanted], now: int) -> list[Found]:
            gate.wait(10)
            return super().find(asked, now)

    with fake_table(columns=VIEW_COLUMNS, lookup=SlowLookup(ROWS, waits=True)) as model:
        asking = asyncio.ensure_future(model.predict_request([RowInput(key="c-1")]))
        await asyncio.sleep(0.01)  # the loop goes on
        assert not asking.done()
        gate.set()
        assert len((await asking).predictions) == 1


def test_the_observer_sees_the_features_that_the_model_read() -> None:
    listener = Listener()
    with fake_table(observer=listener) as model:
        model.predict({"features": {"age": 41}})
    (seen,) = listener.answers[0].texts
    assert seen.prepared is not None
    assert seen.prepared.features == {"age": 41, "plan": None}
    assert (seen.language, seen.tokens) == ("und", 0)


def test_a_model_of_texts_refuses_features(make_model: MakeModel) -> None:
    with pytest.raises(InvalidRequest, match="Input 0 has features; the model 'support' reads no features"):
        make_model().predict({"text": "where", "features": {"age": 41}})


def test_a_model_of_a_table_tells_its_columns_and_has_no_tokens() -> None:
    with fake_table(columns=VIEW_COLUMNS) as model:
        info = model.info()
        with pytest.raises(WrongTask, match="'prices' does tabular-regression: it reads no texts"):
            _ = model.tokenizer
    assert (info.max_tokens, info.views) == (0, ["orders"])
    assert [(one.name, one.kind, one.view) for one in info.columns][2] == ("orders.count_30d", "number", "orders")


def test_a_model_of_a_table_is_probed_with_a_real_row() -> None:
    with fake_table() as model:
        model.backbone.engine.probe()
        rows = RowSession(lambda rows: np.full((len(rows), 3), np.nan, dtype=np.float32), columns=2)
    with fake_table(session=rows) as broken, pytest.raises(DragomanError, match="no usable numbers"):
        broken.backbone.engine.probe()


def test_the_same_row_is_computed_once() -> None:
    session = CountingSession()
    with fake_table(session=session) as model:
        first, again, other = model.predict([{"features": {"age": age}} for age in (1, 1, 2)])
    assert (first.value, again.value, other.value, session.rows) == (1.0, 1.0, 2.0, 2)
    assert len({first.id, again.id, other.id}) == 3


class CountingSession(RowSession):
    def __init__(self) -> None:
        super().__init__(sums, columns=2)
        self.rows = 0

    def run(self, batch: PackedBatch) -> NDArray[np.float32]:
        self.rows += batch.texts
        return super().run(batch)
