from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.models.tabular.trees import random_model, rows_at, walk

from dragoman.errors import InvalidCheckpoint
from dragoman.models.tabular.trees import TREES_FILE, TreeModel, side_by_side, summed

SEEDS = st.integers(0, 2**32 - 1)


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS, outputs=st.integers(1, 3), trees=st.integers(0, 5))
def test_all_rows_and_trees_at_once_say_what_walking_says(seed: int, outputs: int, trees: int) -> None:
    model = random_model(seed, outputs=outputs, trees=trees) if trees else random_model(seed, outputs=outputs)
    rows = rows_at(model, seed)
    np.testing.assert_allclose(model.predict(rows), [walk(model, row) for row in rows], rtol=1e-12, atol=1e-12)


def test_no_rows_have_no_answers() -> None:
    assert random_model(1, outputs=2).predict(np.zeros((0, 4), dtype=np.float32)).shape == (0, 2)


@pytest.mark.parametrize("rows", [255, 256, 257])
def test_rows_are_answered_in_their_order_across_chunks(rows: int) -> None:
    model = random_model(3)
    given_rows = rows_at(model, 3, rows=rows)
    assert model.predict(given_rows).tolist() == [model.predict(row[None])[0].tolist() for row in given_rows]


def test_summed_models_add_up_and_joined_ones_stand_side_by_side() -> None:
    one, other = random_model(1), random_model(2)
    rows = rows_at(one, 5)
    np.testing.assert_allclose(summed([one, other]).predict(rows), one.predict(rows) + other.predict(rows))
    beside = side_by_side([one, other]).predict(rows)
    np.testing.assert_allclose(beside, np.hstack([one.predict(rows), other.predict(rows)]))


def test_a_scaled_model_says_as_much_more() -> None:
    model = random_model(4)
    rows = rows_at(model, 4)
    np.testing.assert_allclose(model.scaled(3.0, -7.0).predict(rows), model.predict(rows) * 3 - 7)


def test_trees_come_back_as_they_were_written(tmp_path: Path) -> None:
    model = random_model(6, outputs=2)
    model.write(tmp_path)
    for name, value in TreeModel.read(tmp_path)._asdict().items():
        np.testing.assert_array_equal(value, getattr(model, name))


def test_the_same_trees_are_the_same_bytes(tmp_path: Path) -> None:
    written = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        random_model(6).write(tmp_path / name)
        written.append((tmp_path / name / TREES_FILE).read_bytes())
    assert written[0] == written[1]


def test_a_file_that_holds_no_trees_is_refused(tmp_path: Path) -> None:
    (tmp_path / TREES_FILE).write_bytes(b"nothing")
    with pytest.raises(InvalidCheckpoint, match="cannot be read"):
        TreeModel.read(tmp_path)
