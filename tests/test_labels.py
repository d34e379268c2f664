"""Labels of models that answer labels, and of those that answer numbers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from dragoman.app.labels import Labels
from dragoman.errors import InvalidRequest
from dragoman.monitoring.profiler import Profiler
from dragoman.monitoring.service import ServiceCounter, ServiceCounts
from dragoman.monitoring.watcher import Watcher
from dragoman.records import By, Label, ValuePrediction
from dragoman.serving.observer import Answered, TextSeen
from dragoman.spec import ModelSpec, SloSpec, convert_spec

NUMBERS = {"task": "tabular-regression", "features": {"columns": ["x"]}}
LABELS = {"data": {"files": ["f"], "labels": ["yes", "no"]}, "languages": ["de"]}


def spec_of(**tables: Any) -> ModelSpec:
    return convert_spec({"name": "prices", "owner": "o", "data": {"files": ["f"]}, **tables})


LABEL = Label(prediction_id="p", model="prices", label="3", time="t", received="t")


class FakeLedger:
    """Both arms have answered everything."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def knows(self, prediction: str) -> bool:
        return True

    def labelled(self, prediction: str, truth: str, *, step: int) -> bool:
        self.told.append(prediction)
        return True


class Place:
    """A desk of labels over a store that remembers, with a watcher that has seen one answer: 10, between 8 and 12."""

    def __init__(self, spec: ModelSpec) -> None:
        self.kept: list[Label] = []
        self.service = ServiceCounter()
        self.service.watch("prices", "1", spec.counted_languages, SloSpec())
        self.watcher = Watcher(self.service, Profiler(), clock=lambda: 1_800_000_000.0)
        workspace: Any = SimpleNamespace(spec=lambda name: spec, tables=None, catalog=None)
        traffic: Any = SimpleNamespace(lanes={})
        self.desk = Labels(workspace, traffic, self.watcher)
        self.desk.store = SimpleNamespace(add=lambda model, labels, by: self.kept.extend(labels))  # type: ignore[assignment]

    def answer(self) -> None:
        said = ValuePrediction(
            id="p", language="und", script="", tokens=0, windows=1, truncated=False, value=10.0, low=8.0, high=12.0
        )
        seen = [TextSeen("und", 0, False, prediction=said)]
        self.watcher.answered(Answered("prices", "1", "tabular-regression", seen, 0.01, 0.0))

    def tell(self, label: str) -> None:
        given = Label(prediction_id="p", model="prices", label=label, time="t", received="t")
        self.desk.keep("prices", [given], by=By(actor="a"))

    def counts(self) -> ServiceCounts:
        (row,) = self.service.changed(at=1_800_000_000.0)
        return row.counts


@pytest.mark.parametrize("label", ["refund", "", "nan", "1_0", "Infinity", "1e999", "12,5", "true", '"3"', "٣"])
def test_a_model_of_numbers_refuses_what_is_no_number(label: str) -> None:
    place = Place(spec_of(**NUMBERS))

    with pytest.raises(InvalidRequest, match="'prices' answers numbers"):
        place.tell(label)
    assert place.kept == []


@pytest.mark.parametrize("label", ["12.5", "-3", "0", "1e-7"])
def test_a_model_of_numbers_keeps_numbers(label: str) -> None:
    place = Place(spec_of(**NUMBERS))

    place.tell(label)

    assert [one.label for one in place.kept] == [label]


def test_a_model_of_labels_refuses_a_number() -> None:
    with pytest.raises(InvalidRequest, match="which 'prices' does not have"):
        Place(spec_of(**LABELS)).tell("3")


def test_a_release_is_told_by_the_log_where_answers_are_logged_and_else_at_once() -> None:
    for enabled, told in ((True, []), (False, ["p"])):
        place, ledger = Place(spec_of(**NUMBERS, log={"enabled": enabled})), FakeLedger()
        lane = SimpleNamespace(ledger=ledger, route=SimpleNamespace(step=1))
        place.desk.traffic = SimpleNamespace(lanes={"prices": lane})  # type: ignore[assignment]

        compared = place.desk.keep("prices", [LABEL], by=By(actor="a"))

        assert (compared, ledger.told) == (1, told)


@pytest.mark.parametrize(("truth", "right"), [("8", 1), ("12.0", 1), ("12.01", 0), ("-10", 0)])
def test_a_number_is_right_where_its_interval_holds_the_truth(truth: str, right: int) -> None:
    place = Place(spec_of(**NUMBERS))
    place.answer()

    place.tell(truth)

    total = place.counts().total()
    assert (total.right, total.wrong) == (right, 1 - right)


def test_rows_of_a_model_without_languages_are_fully_answered() -> None:
    place = Place(spec_of(**NUMBERS))
    place.answer()

    counts = place.counts()

    assert set(counts.languages) == {"und"}
    assert counts.languages["und"].texts == 1
