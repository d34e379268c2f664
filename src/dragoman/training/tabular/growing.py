"""Gradient boosting (Friedman 2001; Ke et al. 2017): LightGBM grows the trees, Dragoman keeps them as arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.errors import MissingExtra
from dragoman.models.tabular.trees import TreeModel
from dragoman.spec.features import TreesSpec
from dragoman.training.tabular.lightgbm_text import read_trees

__all__ = ["Grown", "Growth", "Rows", "grow", "grow_again"]

REPORT_EVERY = 25  # trees
THREAD_VALUES = 1_000_000  # that are worth a thread: threads wait for each other several times a tree

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Told = Callable[[int, float], None]  # of a round that is done: its number, and the loss on the dev rows


class Rows(NamedTuple):
    """Rows to learn from, or to stop by."""

    features: Floats  # [rows, columns]
    target: Doubles  # [rows]; for labels, their numbers


class Growth(NamedTuple):
    """How trees are grown: what changes the result."""

    spec: TreesSpec
    seed: int
    threads: int
    categories: Sequence[int]  # columns


class Grown(NamedTuple):
    """Trees, and what they owe to each column."""

    model: TreeModel
    gains: Doubles  # [columns]
    rounds: int
    answers: Doubles  # [asked rows, outputs] what the library itself says


def grow(
    train: Rows, dev: Rows, growth: Growth, *, objective: dict[str, Any], asked: Floats, told: Told | None = None
) -> Grown:
    """Grow trees until the dev rows have not become better for `patience` rounds, and keep those of the best round.

    `objective` is what LightGBM calls it, with its parameters. `asked` are rows that the library is to answer itself.
    The same rows, growth and objective give the same trees. Raises `MissingExtra` without LightGBM.
    """
    lightgbm = import_lightgbm()
    params = _parameters(growth, objective, train.features)
    known = _dataset(lightgbm, train, growth, params)
    booster = lightgbm.train(
        params,
        known,
        num_boost_round=growth.spec.rounds,
        valid_sets=[lightgbm.Dataset(dev.features, dev.target, reference=known, params=params)],
        callbacks=[lightgbm.early_stopping(growth.spec.patience, verbose=False), _reporter(told)],
    )
    return _grown(booster, booster.best_iteration or booster.current_iteration(), objective, asked)


def grow_again(rows: Rows, growth: Growth, rounds: int, *, objective: dict[str, Any], asked: Floats) -> Grown:
    """Grow a number of rounds that is known from before, with all rows."""
    lightgbm = import_lightgbm()
    params = _parameters(growth, objective, rows.features)
    booster = lightgbm.train(params, _dataset(lightgbm, rows, growth, params), num_boost_round=rounds)
    return _grown(booster, rounds, objective, asked)


def _dataset(lightgbm: ModuleType, rows: Rows, growth: Growth, params: dict[str, Any]) -> Any:
    names = list(growth.categories)
    return lightgbm.Dataset(rows.features, rows.target, categorical_feature=names, params=params, free_raw_data=False)


def _grown(booster: Any, best: int, objective: dict[str, Any], asked: Floats) -> Grown:
    outputs = int(objective.get("num_class", 1))
    answers = booster.predict(asked, raw_score=True, num_iteration=best) if len(asked) else np.zeros(0)
    return Grown(
        model=read_trees(booster.model_to_string(num_iteration=best), outputs=outputs),
        gains=np.asarray(booster.feature_importance("gain", iteration=best), dtype=np.float64),
        rounds=best,
        answers=np.asarray(answers, dtype=np.float64).reshape(len(asked), outputs),
    )


def _reporter(told: Told | None) -> Callable[[Any], None]:
    def report(env: Any) -> None:
        if told and env.iteration % REPORT_EVERY == 0:
            told(env.iteration, float(env.evaluation_result_list[0][2]))

    return report


def _parameters(growth: Growth, objective: dict[str, Any], features: Floats) -> dict[str, Any]:
    """Those of LightGBM. With `deterministic` the trees are the same for any number of threads."""
    spec = growth.spec
    return {
        "learning_rate": spec.learning_rate,
        "num_leaves": spec.leaves,
        "min_data_in_leaf": spec.leaf_rows,
        "min_data_per_group": spec.leaf_rows,
        "feature_fraction": spec.columns,
        "bagging_fraction": spec.rows,
        "bagging_freq": 1 if spec.rows < 1 else 0,
        "lambda_l2": spec.leaf_penalty,
        "bin_construct_sample_cnt": max(len(features), 1),  # all: else a rare missing value would be taken for none
        "seed": growth.seed,
        "num_threads": min(growth.threads, 1 + features.size // THREAD_VALUES),
        "deterministic": True,
        "force_col_wise": True,
        "verbosity": -1,
        **objective,
    }


def import_lightgbm() -> ModuleType:
    """LightGBM. Raises `MissingExtra` where it is not installed, or lacks a library of the system."""
    try:
        import lightgbm  # optional: the extra `tabular`
    except ImportError:
        raise MissingExtra.of("tabular", "Training a model of a table") from None
    except OSError as error:
        raise MissingExtra(
            f"LightGBM cannot be loaded: {error}.", help="Install the library of GNU OpenMP: libgomp1, or libgomp."
        ) from None
    found: ModuleType = lightgbm
    return found
