from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragoman.errors import MissingExtra
from dragoman.spec.features import TreesSpec
from dragoman.training.tabular.growing import Grown, Growth, Rows, grow, import_lightgbm
from dragoman.training.tabular.lightgbm_text import rounded_down

COLUMNS = 6  # the last two are categories


def rows(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of very unlike sizes, two categories, and missing values in every column but the first."""
    random = np.random.default_rng(seed)
    x = (random.normal(size=(count, COLUMNS)) * [1, 1e-6, 1e6, 1, 1, 1]).astype(np.float32)
    x[:, 3] = np.round(x[:, 3])
    x[:, 4], x[:, 5] = random.integers(90, size=count), random.integers(3, size=count)
    effect = random.normal(size=90)
    y = x[:, 0] + x[:, 1] * 1e6 + (x[:, 2] > 0) * x[:, 3] + effect[x[:, 4].astype(int)] + (x[:, 5] == 1)
    x[:, 1:][random.random((count, COLUMNS - 1)) < 0.1] = np.nan
    return x, y.astype(np.float64)


def growth(*, seed: int = 0, threads: int = 1, **changes: Any) -> Growth:
    trees = {"rounds": 40, "patience": 10, "learning_rate": 0.2, **changes}
    return Growth(TreesSpec(**trees), seed, threads, [4, 5])


def grown(objective: dict[str, Any], *, change: Any = lambda y: y, **options: Any) -> tuple[Grown, np.ndarray]:
    x, y = rows(700)
    train, dev, asked = Rows(x[:500], change(y[:500])), Rows(x[500:600], change(y[500:600])), x[600:]
    return grow(train, dev, growth(**options), objective=objective, asked=asked), asked


@pytest.mark.parametrize(
    ("objective", "change"),
    [
        ({"objective": "regression"}, lambda y: y),
        ({"objective": "quantile", "alpha": 0.1}, lambda y: y),
        ({"objective": "binary"}, lambda y: (y > 0) * 1.0),
        ({"objective": "multiclass", "num_class": 3}, lambda y: np.digitize(y, [-1, 1]) * 1.0),
    ],
)
def test_the_arrays_say_what_the_library_says(objective: dict[str, Any], change: Any) -> None:
    found, asked = grown(objective, change=change)
    assert found.rounds > 3
    assert len(found.model.members) > 0
    np.testing.assert_allclose(found.model.predict(asked), found.answers, rtol=1e-12, atol=1e-12)


def test_rows_on_a_threshold_and_beside_it_go_the_way_of_the_library() -> None:
    import lightgbm

    x, y = rows(700)
    found = grow(
        Rows(x[:500], y[:500]), Rows(x[500:], y[500:]), growth(), objective={"objective": "regression"}, asked=x[:0]
    )
    # What is within 1e-35 of zero is zero to the library, whose own texts round such a threshold.
    numbers = (found.model.columns < 4) & (np.abs(found.model.thresholds) > 1e-34)
    near = np.repeat(x[:1], numbers.sum(), axis=0)
    near[np.arange(len(near)), found.model.columns[numbers]] = found.model.thresholds[numbers]
    above = near.copy()
    places = np.arange(len(near)), found.model.columns[numbers]
    above[places] = np.nextafter(near[places], np.float32(np.inf))
    known = lightgbm.Booster(model_str=_text_of(x, y))
    edges = np.concatenate([near, above])
    np.testing.assert_allclose(found.model.predict(edges)[:, 0], known.predict(edges), rtol=1e-12, atol=1e-12)


def _text_of(x: np.ndarray, y: np.ndarray) -> str:
    """The same model, as the library writes it."""
    texts: list[str] = []
    from dragoman.training.tabular import growing

    read = growing.read_trees
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(growing, "read_trees", lambda text, **options: texts.append(text) or read(text, **options))
        grow(
            Rows(x[:500], y[:500]), Rows(x[500:], y[500:]), growth(), objective={"objective": "regression"}, asked=x[:0]
        )
    return texts[0]


@pytest.mark.parametrize("threads", [1, 2])
def test_the_same_seed_gives_the_same_trees_with_any_number_of_threads(
    monkeypatch: pytest.MonkeyPatch, threads: int
) -> None:
    monkeypatch.setattr("dragoman.training.tabular.growing.THREAD_VALUES", 1)
    one, _ = grown({"objective": "regression"})
    other, _ = grown({"objective": "regression"}, threads=threads)
    for name, value in one.model._asdict().items():
        np.testing.assert_array_equal(value, getattr(other.model, name))


def test_another_seed_gives_other_trees() -> None:
    one, asked = grown({"objective": "regression"}, rows=0.5)
    other, _ = grown({"objective": "regression"}, rows=0.5, seed=1)
    assert not np.allclose(one.model.predict(asked), other.model.predict(asked))


def test_growing_stops_where_the_dev_rows_are_best() -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=(300, COLUMNS)).astype(np.float32)
    noise = random.normal(size=300)
    found = grow(
        Rows(x[:200], noise[:200]), Rows(x[200:], noise[200:]), growth(), objective={"objective": "regression"}, asked=x
    )
    assert found.rounds < 10


def test_columns_that_matter_get_the_gain() -> None:
    found, _ = grown({"objective": "regression"})
    assert found.gains.shape == (COLUMNS,)
    assert found.gains[0] > found.gains[5] >= 0


def test_rounds_are_told_as_they_are_done() -> None:
    x, y = rows(300)
    told: list[int] = []
    grow(
        Rows(x, y),
        Rows(x, y),
        growth(),
        objective={"objective": "regression"},
        asked=x[:0],
        told=lambda done, loss: told.append(done),
    )
    assert told == [0, 25]


def test_a_missing_value_that_training_never_saw_goes_with_most_rows() -> None:
    x, _ = rows(700)
    found, _ = grown({"objective": "regression"})
    asked = x[:50].copy()
    asked[:, 0] = np.nan
    assert np.isfinite(found.model.predict(asked)).all()
    root = found.model.roots[np.flatnonzero(found.model.columns[found.model.roots] == 0)[0]]
    below = (x[:500, 0] <= found.model.thresholds[root]).mean()
    assert found.model.missing_left[root] == (below >= 0.5)


@settings(max_examples=200, deadline=None)
@given(value=st.floats(-1e300, 1e300), x=st.floats(width=32, allow_nan=False))
def test_a_float32_is_on_the_same_side_of_a_rounded_threshold(value: float, x: float) -> None:
    (rounded,) = rounded_down(np.array([value]))
    assert (x <= value) == bool(np.float32(x) <= rounded) or abs(x) == np.inf


@pytest.mark.parametrize(
    ("error", "message"), [(ImportError("no"), "extra 'tabular'"), (OSError("libgomp.so.1"), "cannot be loaded")]
)
def test_without_the_library_the_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, error: Exception, message: str
) -> None:
    class Finder:
        def find_spec(self, name: str, *_: Any) -> None:
            if name == "lightgbm":
                raise error

    monkeypatch.delitem(sys.modules, "lightgbm", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Finder(), *sys.meta_path])
    with pytest.raises(MissingExtra, match=message):
        import_lightgbm()
