from __future__ import annotations

from collections.abc import Iterator

import pytest

from dragoman.errors import Overloaded
from dragoman.monitoring.profiler import Profiler
from dragoman.monitoring.service import ServiceCounter, ServiceCounts
from dragoman.monitoring.watcher import Watcher
from dragoman.serving.fakes import fake_model
from dragoman.serving.model import Model
from dragoman.serving.observer import Failed
from dragoman.serving.options import Options
from dragoman.spec import SloSpec, convert_spec


@pytest.fixture
def watcher() -> Watcher:
    watcher = Watcher(ServiceCounter(), Profiler(), clock=lambda: 1_800_000_000.0)
    watcher.service.watch("support", "1", ["en", "ru"], SloSpec(quality=0.9, coverage=0.9))
    return watcher


@pytest.fixture
def model(watcher: Watcher) -> Iterator[Model]:
    with fake_model(observer=watcher) as model:
        yield model


def counts_of(watcher: Watcher) -> ServiceCounts:
    (row,) = watcher.service.changed(at=1_800_000_000.0)
    return row.counts


def test_answers_are_counted_by_language(watcher: Watcher, model: Model) -> None:
    model.predict(["refund please", "где заказ"])

    counts = counts_of(watcher)
    assert (counts.language("en").texts, counts.language("ru").texts) == (1, 1)
    assert counts.language("en").tokens == 4


def test_a_soon_label_counts_as_right_or_wrong_once(watcher: Watcher, model: Model) -> None:
    one, other = model.predict(["refund please", "cancel it"])

    told = [watcher.labelled("support", one.id, one.labels[0].label) for _ in range(2)]
    watcher.labelled("support", other.id, "no such label")

    assert told == [True, False]
    assert (counts_of(watcher).language("en").right, counts_of(watcher).language("en").wrong) == (1, 1)


@pytest.mark.parametrize(("logged", "told"), [(True, False), (False, True)])
def test_only_answers_that_no_log_keeps_are_remembered_here(
    watcher: Watcher, model: Model, *, logged: bool, told: bool
) -> None:
    spec = {"name": "support", "owner": "o", "data": {"files": ["f"], "labels": ["a", "b"]}, "languages": ["en"]}
    watcher.watch(model, convert_spec({**spec, "log": {"enabled": logged}}))
    (one,) = model.predict(["refund please"])

    assert watcher.labelled("support", one.id, "refund") is told


def test_a_label_of_an_unknown_prediction_or_of_another_model_counts_nowhere(watcher: Watcher, model: Model) -> None:
    (one,) = model.predict(["refund please"])

    assert not watcher.labelled("support", "unknown", "refund")
    assert not watcher.labelled("other", one.id, "refund")


def test_a_copy_is_no_traffic(watcher: Watcher, model: Model) -> None:
    model.predict(["refund please"], options=Options(priority="bulk", is_copy=True))

    counted = counts_of(watcher).language("en")
    assert (counted.requests, counted.texts) == (0, 0)
    assert counted.tokens == 4


def test_an_error_counts_in_the_language_that_the_caller_said(watcher: Watcher) -> None:
    watcher.failed(Failed("support", "1", "text-classification", Overloaded("full"), "ru"))

    assert counts_of(watcher).language("ru").errors == {"Overloaded": 1}
