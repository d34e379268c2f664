from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dragoman.monitoring.profiler import Profiler
from dragoman.profiles import Profile
from dragoman.records import FeatureColumn, ForecastPrediction, ForecastValue, LabelPrediction, ValuePrediction
from dragoman.records.predictions import AnswerLabel, Prediction
from dragoman.serving.fakes import FakeClock
from dragoman.serving.observer import Answered, TextSeen
from dragoman.serving.tasks.base import Prepared
from dragoman.spec import DriftSpec
from dragoman.training.reference import reference_of_rows

COLUMNS = [FeatureColumn(name="age", kind="number"), FeatureColumn(name="plan", kind="category")]
TRAITS: dict[str, Any] = {"language": "und", "script": "", "tokens": 0, "windows": 1, "truncated": False}


def numbers_reference() -> Any:
    rows = [{"age": place, "plan": ("gold", "free")[place % 2]} for place in range(80)]
    values = np.array([[place, place - 1.0, place + place % 9] for place in range(80)], dtype=float)
    return reference_of_rows(rows, COLUMNS, languages=[""] * 80, values=values)


def watched(reference: Any, labels: tuple[str, ...] = ()) -> Profiler:
    """A profiler that watches a model of a table."""
    clock = FakeClock()
    clock.now = 1_800_000_000.0
    profiler = Profiler(clock)
    model: Any = SimpleNamespace(
        name="prices", version="1", reference=reference, detector=None,
        backbone=SimpleNamespace(tokenizer=None), task=SimpleNamespace(labels=labels),
    )  # fmt: skip
    profiler.watch(model, DriftSpec())
    return profiler


def seen(prediction: Prediction, features: dict[str, Any]) -> TextSeen:
    prepared = Prepared([], "", None, 1, False, None, features=features)
    return TextSeen("und", 0, False, prepared=prepared, prediction=prediction)


def counted(profiler: Profiler, texts: list[TextSeen]) -> dict[str, list[int]]:
    profiler.answered(Answered("prices", "1", "tabular-regression", texts, 0.01, 0.0))
    profiler.count()
    return {
        name: counts.tolist() for name, counts in Profile.decode(profiler.changed()[0].content).counts["und"].items()
    }


def value(value: float) -> ValuePrediction:
    return ValuePrediction(id="a", **TRAITS, value=value, low=value - 1, high=value + 1)


def test_rows_are_counted_by_their_columns_as_served() -> None:
    rows = [{"age": 41, "plan": "gold"}, {"age": None, "plan": "trial"}, {"age": 12.5, "plan": None}]

    found = counted(watched(numbers_reference()), [seen(value(3.0), row) for row in rows])

    assert found["missing.age"] == [2, 1] and found["missing.plan"] == [2, 1]
    assert found["category.plan"] == [0, 1, 1]  # free, gold, everything else
    assert (sum(found["number.age"]), sum(found["value"]), sum(found["width"])) == (2, 3, 3)


@pytest.mark.parametrize("said", [5.0, 500.0])
def test_of_a_forecast_the_first_value_is_counted(said: float) -> None:
    steps = [ForecastValue(time="t", value=one, low=one - 1, high=one + 1) for one in (said, 7.0)]

    found = counted(watched(numbers_reference()), [seen(ForecastPrediction(id="a", **TRAITS, forecast=steps), {})])

    assert sum(found["value"]) == 1
    assert found["value"][-1] == (said == 500.0)


def test_a_classifier_of_rows_counts_its_answers() -> None:
    rows = [{"age": place} for place in range(60)]
    scores = np.array([[0.7, 0.3], [0.2, 0.8]] * 30)
    reference = reference_of_rows(rows, COLUMNS[:1], languages=[""] * 60, labels=["yes", "no"], scores=scores)
    labels = [AnswerLabel(label="no", score=0.8), AnswerLabel(label="yes", score=0.2)]

    answer = LabelPrediction(id="a", **TRAITS, labels=labels)
    found = counted(watched(reference, ("yes", "no")), [seen(answer, {"age": 3})])

    assert found["label"] == [1, 0, 0]
    assert sum(found["entropy"]) == sum(found["number.age"]) == 1
