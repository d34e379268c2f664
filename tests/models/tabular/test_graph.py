from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.models.tabular.trees import COLUMNS, random_model, rows_at

from dragoman.errors import InvalidCheckpoint
from dragoman.models.tabular.graph import MODEL_FILE, build_tree_graph
from dragoman.models.tabular.opening import open_tabular
from dragoman.models.tabular.schema import FEATURES_FILE, FeatureSchema
from dragoman.models.tabular.session import TreeSession
from dragoman.models.tabular.trees import TreeModel
from dragoman.records import FeatureColumn


def session_of(model: TreeModel, folder: Path) -> TreeSession:
    graph = build_tree_graph(model, columns=COLUMNS)
    onnx.checker.check_model(graph)
    (folder / MODEL_FILE).write_bytes(graph.SerializeToString(deterministic=True))
    return TreeSession(folder / MODEL_FILE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("graph")


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), outputs=st.integers(1, 4), leaves=st.integers(1, 20))
def test_the_graph_says_what_the_trees_say_on_every_edge(folder: Path, seed: int, outputs: int, leaves: int) -> None:
    model = random_model(seed, outputs=outputs, leaves=leaves)
    rows = rows_at(model, seed)
    np.testing.assert_array_equal(session_of(model, folder).predict(rows), model.predict(rows).astype(np.float32))


def test_a_model_without_any_tree_says_its_base(tmp_path: Path) -> None:
    model = random_model(1, outputs=2, leaves=1)
    none = np.zeros(0, dtype=np.int64)
    bare = model._replace(roots=none, outputs=none, leaves=np.zeros(0))
    told = session_of(bare, tmp_path).predict(np.zeros((3, COLUMNS), dtype=np.float32))
    assert told.tolist() == [bare.base.astype(np.float32).tolist()] * 3


def schema_of(columns: int) -> FeatureSchema:
    return FeatureSchema([FeatureColumn(name=f"c{number}", kind="number") for number in range(columns)])


def test_a_bundle_is_opened_with_its_columns_and_its_graph(tmp_path: Path) -> None:
    session_of(random_model(2), tmp_path)
    (tmp_path / FEATURES_FILE).write_bytes(schema_of(COLUMNS).to_bytes())
    opened = open_tabular(tmp_path)
    assert opened.schema == schema_of(COLUMNS)
    assert (opened.session.columns, opened.session.outputs) == (COLUMNS, 1)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda folder: (folder / FEATURES_FILE).write_bytes(schema_of(3).to_bytes()), "reads 4 columns"),
        (lambda folder: (folder / FEATURES_FILE).write_bytes(b"[]"), "has no columns"),
        (lambda folder: (folder / FEATURES_FILE).unlink(), "has no columns"),
        (lambda folder: (folder / MODEL_FILE).write_bytes(b"x"), "cannot be loaded"),
    ],
)
def test_a_bundle_whose_parts_do_not_fit_is_refused(tmp_path: Path, spoil, message: str) -> None:
    session_of(random_model(2), tmp_path)
    (tmp_path / FEATURES_FILE).write_bytes(schema_of(COLUMNS).to_bytes())
    spoil(tmp_path)
    with pytest.raises(InvalidCheckpoint, match=message):
        open_tabular(tmp_path)
