"""From rows to trees that tell logits, or a number with the ends of its interval."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.models.tabular.trees import TreeModel, side_by_side
from dragoman.training.progress import Progress, Report
from dragoman.training.tabular.growing import Grown, Growth, Rows, grow, grow_again

__all__ = ["Fitted", "Split", "fit_labels", "fit_values"]

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]


class Split(NamedTuple):
    """The rows that trees are fitted with, and some that the library is asked about, for parity."""

    train: Rows
    dev: Rows
    asked: Floats


class Fitted(NamedTuple):
    """Trees with all their outputs."""

    model: TreeModel
    gains: Doubles  # [columns]
    answers: Doubles  # [asked, outputs] of the library
    scale: float = 1.0  # of what is told


def fit_labels(split: Split, growth: Growth, *, labels: int, report: Report) -> Fitted:
    """Trees that tell logits, one output for each of at least two labels: of two, the first is always 0."""
    if labels > 2:
        grown = _grow(split, growth, {"objective": "multiclass", "num_class": labels}, report, part=0, parts=1)
        return Fitted(grown.model, grown.gains, grown.answers)
    grown = _grow(split, growth, {"objective": "binary"}, report, part=0, parts=1)
    model = grown.model
    return Fitted(
        model._replace(base=np.concatenate([[0.0], model.base]), outputs=model.outputs + 1),
        grown.gains,
        np.hstack([np.zeros_like(grown.answers), grown.answers]),
    )


def fit_values(split: Split, growth: Growth, *, report: Report) -> Fitted:
    """Trees that tell three numbers: the value, and the quantiles around it that `trees.coverage` asks for.

    The target is standardised before: LightGBM keeps it in float32. Values are means (least squares), their ends are
    conditional quantiles (Koenker and Bassett 1978), so that an interval is as wide as the rows like it need.

    Once the dev rows have said how many trees tell the value best, these are grown again with train and dev rows. The
    ends are not: their margin is measured on dev rows, which they must not have seen.
    """
    centre, scale = float(split.train.target.mean()), float(split.train.target.std()) or 1.0
    train, dev = (_standardised(rows, centre, scale) for rows in (split.train, split.dev))
    scaled = Split(train, dev, split.asked)
    below = (1 - growth.spec.coverage) / 2
    objectives: list[dict[str, Any]] = [
        {"objective": "regression"},
        {"objective": "quantile", "alpha": below},
        {"objective": "quantile", "alpha": 1 - below},
    ]
    grown = [
        _grow(scaled, growth, objective, report, part=part, parts=len(objectives))
        for part, objective in enumerate(objectives)
    ]
    both = Rows(np.concatenate([train.features, dev.features]), np.concatenate([train.target, dev.target]))
    grown[0] = grow_again(both, growth, grown[0].rounds, objective=objectives[0], asked=split.asked)
    return Fitted(
        side_by_side([one.model.scaled(scale, centre) for one in grown]),
        grown[0].gains,
        np.hstack([one.answers * scale + centre for one in grown]),
        scale,
    )


def _standardised(rows: Rows, centre: float, scale: float) -> Rows:
    return rows._replace(target=(rows.target - centre) / scale)


def _grow(split: Split, growth: Growth, objective: dict[str, Any], report: Report, *, part: int, parts: int) -> Grown:
    rounds = growth.spec.rounds

    def told(done: int, loss: float) -> None:
        report(Progress("train", part * rounds + done, parts * rounds, f"tree {done}, loss {loss:.4f}"))

    return grow(split.train, split.dev, growth, objective=objective, asked=split.asked, told=told)
