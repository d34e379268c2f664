from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dragoman.errors import DragomanError, InvalidRequest
from dragoman.models.readouts import PoolReadout
from dragoman.models.tabular import FeatureSchema, Intervals
from dragoman.records import LabelPrediction, RowInput, ValuePrediction
from dragoman.serving.fakes import FAKE_LABELS
from dragoman.serving.table_fakes import FAKE_COLUMNS, fake_table
from dragoman.serving.tasks.base import ROW_IDS, CommonParameters
from dragoman.serving.tasks.tabular import TabularRegression
from dragoman.spec import ServingSpec

CLASSES = "tabular-classification"


def test_labels_come_best_first_with_scores_that_add_up() -> None:
    with fake_table(CLASSES) as model:
        high, low = model.predict([{"features": {"age": 2}}, {"features": {"age": -2}}])
    assert isinstance(high, LabelPrediction)
    assert (high.label, low.labels[-1].label) == (FAKE_LABELS[0], FAKE_LABELS[0])
    assert sum(one.score for one in high.labels) == pytest.approx(1.0, abs=1e-5)
    assert high.labels[0].score == pytest.approx(np.exp(2) / (np.exp(2) + 2), abs=1e-6)


def test_the_best_labels_alone_and_raw_scores_can_be_asked_for() -> None:
    with fake_table(CLASSES) as model:
        (best,) = model.predict({"features": {"age": 2.5}}, top=1, raw_scores=True)
    assert [(one.label, one.score) for one in best.labels] == [(FAKE_LABELS[0], 2.5)]


def test_an_answer_below_the_spec_abstains() -> None:
    with fake_table(CLASSES, serving=ServingSpec(abstain_below=0.5)) as model:
        unsure, sure = model.predict([{"features": {}}, {"features": {"age": 9}}])
    assert (unsure.abstained, sure.abstained) == (True, False)


def test_a_number_has_its_interval_and_no_noise_of_float32() -> None:
    with fake_table() as model:
        (one,) = model.predict({"features": {"age": 40.1, "plan": "silver"}})
    assert isinstance(one, ValuePrediction)
    assert (one.value, one.low, one.high) == (41.1, 39.1, 43.1)


def test_a_row_has_no_language_no_script_and_no_tokens() -> None:
    with fake_table() as model:
        plain, said = model.predict([{"features": {"age": 1}}, {"features": {"age": 1}, "language": "de"}])
    assert (plain.language, plain.script, plain.tokens, plain.windows, plain.truncated) == ("und", "", 0, 1, False)
    assert said.language == "de"


def test_every_row_is_one_piece_of_one_token_with_its_features() -> None:
    with fake_table() as model:
        rows = [RowInput(features={"age": age, "plan": "gold"}) for age in (1, 2)]
        prepared = model.task.prepare(rows, CommonParameters())
    pieces = [piece for one in prepared for piece in one.pieces]
    assert [piece.ids for piece in pieces] == [ROW_IDS, ROW_IDS]
    assert [piece.features.tolist() for piece in pieces if piece.features is not None] == [[1, 0], [2, 0]]


@pytest.mark.parametrize("given", [{"time": "2026-01-01"}, {"history": [1.0, None]}, {"known": {"holiday": [1]}}])
def test_what_only_a_forecast_takes_is_refused(given: dict[str, Any]) -> None:
    with fake_table() as model, pytest.raises(InvalidRequest, match=r"Input 1 has .*; this model tells no forecast"):
        model.predict([{"features": {}}, {"features": {}} | given])


@pytest.mark.parametrize("parameters", [{"too_long": "windows"}, {"stride": 3}, {"top": 1}])
def test_parameters_of_texts_and_labels_are_refused(parameters: dict[str, Any]) -> None:
    with fake_table() as model, pytest.raises(InvalidRequest, match="There is no parameter"):
        model.predict({"features": {}}, **parameters)


@pytest.mark.parametrize("told", [[1, 2], [np.nan, 1, 2], [np.inf, 1, 2]])
def test_numbers_that_are_none_are_no_answer(told: list[float]) -> None:
    task = TabularRegression(
        encoder=FeatureSchema(FAKE_COLUMNS),
        readout=PoolReadout(pooling="cls", normalize=False),
        intervals=Intervals(coverage=0.9, margins=[0.0]),
    )
    (prepared,) = task.prepare([RowInput(features={})], CommonParameters())
    with pytest.raises(DragomanError, match="no usable numbers"):
        task.finish(prepared, [np.array(told, dtype=np.float32)], CommonParameters())
