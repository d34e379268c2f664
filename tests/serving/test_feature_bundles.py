"""Bundles of models that read features, loaded and asked."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from tests.training.fused_world import fused_examples, fused_spec, train_fused
from tests.training.tabular.world import workspace

from dragoman.errors import InvalidInput, InvalidRequest, NotFound, Unavailable
from dragoman.models.tabular import FeatureSchema
from dragoman.models.tabular.opening import open_tabular
from dragoman.records import PinnedView, RowInput, TextInput
from dragoman.runtime.footprint import footprint_of
from dragoman.runtime.sessions import Compute
from dragoman.serving.loader import Loader
from dragoman.serving.lookup import FakeLookup, FeatureLookup

LOADER = Loader(Compute(threads=1))
ROW = {"age": 41, "plan": "gold", "spent": None, "active": True}
CLASSES, VALUES = "tabular-classification", "tabular-regression"


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The folders of a bundle for each task."""
    folders = {}
    for task in (CLASSES, VALUES):
        place = workspace(tmp_path_factory.mktemp("table") / task, task)
        place.train(report=lambda progress: None)
        folders[task] = place.registry.verified(place.registry.resolve("models:/customers/1")).folder
    return folders


@pytest.fixture(scope="module")
def fused(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train_fused(tmp_path_factory.mktemp("fused") / "run", fused_spec(epochs=1), fused_examples(60)).folder


def test_a_table_answers_what_its_trees_say(tables: dict[str, Path]) -> None:
    opened = open_tabular(tables[CLASSES])
    with LOADER.load_bundle(tables[CLASSES], version="3") as model:
        (raw,) = model.predict({"features": ROW}, raw_scores=True)
    logits = opened.session.predict(opened.schema.encode([ROW]))[0]
    assert {one.label: one.score for one in raw.labels} == pytest.approx(dict(zip(("no", "yes"), logits, strict=True)))
    assert (model.version, model.name, model.task.name) == ("3", "customers", CLASSES)


def test_a_number_comes_with_the_interval_of_its_calibration(tables: dict[str, Path]) -> None:
    with LOADER.load_bundle(tables[VALUES]) as model:
        answers = model.predict([{"features": ROW | {"age": age}} for age in range(20, 70)])
    assert all(one.low <= one.value <= one.high for one in answers)
    assert len({one.value for one in answers}) > 10


def test_a_table_is_warmed_ready_and_tells_its_size(tables: dict[str, Path]) -> None:
    with Loader(warm=True).load_bundle(tables[VALUES]) as model:
        model.backbone.engine.probe()
        assert footprint_of(model.backbone.engine.session).own > 1_000
        assert model.info().max_tokens == 0


def test_two_loads_of_a_table_share_a_backbone(tables: dict[str, Path]) -> None:
    with LOADER.load_bundle(tables[CLASSES]) as one, LOADER.load_bundle(tables[CLASSES], name="other") as two:
        assert one.backbone is two.backbone


def test_a_table_does_no_other_task(tables: dict[str, Path]) -> None:
    with pytest.raises(InvalidInput, match="'customers' is a model for tabular-regression, not for embedding"):
        LOADER.load_bundle(tables[VALUES], task="embedding")


def test_a_text_is_answered_with_its_features(fused: Path) -> None:
    given = {"amount": 90.0, "plan": "gold", "noise": 1, "activity.orders": 3}
    with LOADER.load_bundle(fused) as model:
        rich, poor = model.predict(
            [
                TextInput(text="money now", features=given),
                TextInput(text="money now", features=given | {"amount": 5.0, "plan": "free"}),
            ]
        )
        assert rich.labels != poor.labels
        assert (rich.language, rich.tokens > 0, model.features is not None) == ("en", True, True)


def test_every_window_of_a_text_reads_the_same_features(fused: Path) -> None:
    with LOADER.load_bundle(fused) as model:
        schema = FeatureSchema.from_bytes((fused / "features.json").read_bytes())
        inputs = [TextInput(text="money " * 200, features={"plan": "gold"})]
        (one,) = model.task.prepare(inputs, model.task.Parameters(too_long="windows"))
    assert len(one.pieces) > 1
    row = schema.encode([{"plan": "gold"}])[0]
    assert all(
        piece.features is not None and np.array_equal(piece.features, row, equal_nan=True) for piece in one.pieces
    )


def test_features_of_pinned_views_are_looked_up(fused: Path) -> None:
    asked: list[Sequence[PinnedView]] = []
    lookup = FakeLookup({"activity": {"c-1": {"orders": 3}}}, waits=True)

    def lookups(pins: Sequence[PinnedView]) -> FeatureLookup:
        asked.append(pins)
        return lookup

    with LOADER.load_bundle(fused, lookups=lookups) as model:
        answer = asyncio.run(model.predict_request([TextInput(text="money now", key="c-1", features={"amount": 9})]))
        with pytest.raises(InvalidRequest, match="Input 0 has no key; the model reads activity"):
            model.predict("money now")
    assert (len(asked), answer.served[0].features["activity.orders"], len(lookup.asked)) == (1, 3, 1)


def test_without_a_store_features_of_views_must_be_given(fused: Path) -> None:
    with LOADER.load_bundle(fused) as model:
        assert model.predict({"text": "money now", "features": {"activity.orders": None}})
        with pytest.raises(Unavailable, match="activity cannot be looked up"):
            model.predict({"text": "money now", "key": "c-1"})


def test_a_view_that_is_not_there_fails_the_loading(fused: Path) -> None:
    def lookups(pins: Sequence[PinnedView]) -> FeatureLookup:
        raise NotFound("There is no view 'activity'.", help="apply it.")

    with pytest.raises(NotFound, match="no view 'activity'"):
        Loader(Compute(threads=1), lookups=lookups).load_bundle(fused)


def test_a_table_needs_no_store_for_columns_alone(tables: dict[str, Path]) -> None:
    def lookups(pins: Sequence[PinnedView]) -> FeatureLookup:
        raise AssertionError(pins)

    with Loader(lookups=lookups).load_bundle(tables[CLASSES]) as model:
        assert model.predict([RowInput(features=ROW, key="c-1")])


def test_another_task_of_a_fused_bundle_reads_the_text_alone(fused: Path) -> None:
    with LOADER.load_bundle(fused, task="embedding") as model:
        assert model.columns == ()
        with pytest.raises(InvalidRequest, match="reads no features"):
            model.predict({"text": "money", "features": {"amount": 1}})
