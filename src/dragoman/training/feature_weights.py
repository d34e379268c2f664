"""What features add: the evaluation without them, and how much each column counts."""

from __future__ import annotations

from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from dragoman.models.readouts import FusedReadout, PoolReadout
from dragoman.models.scores import softmax
from dragoman.records import Ablation, ColumnWeight, Interval, Report
from dragoman.spec import ModelSpec
from dragoman.training.evaluation import evaluate
from dragoman.training.feature_rows import encode_examples
from dragoman.training.reference import HeldOut
from dragoman.training.roc import roc_auc
from dragoman.training.served import Served

__all__ = ["log_loss", "with_features"]

SHUFFLES = 5  # of each column
SMALLEST = 1e-12

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]


class Split(NamedTuple):
    """A split as the head sees it: the encoder's part of the work is done."""

    vectors: Floats  # [rows, hidden]
    features: Floats  # [rows, columns]
    truth: Ints  # [rows]
    languages: list[str]


def with_features(report: Report, spec: ModelSpec, served: Served, held_out: HeldOut, *, temperature: float) -> Report:
    """The report with what only models with features have.

    `columns`: by how much the loss grows on the dev split (the test split without one) when the values of a column are
    shuffled among its rows (Breiman 2001; Fisher et al. 2019, arXiv:1801.01489). `ablations`: the test split with no
    features at all, and without those of each view.
    """
    head = _Head(served, spec, temperature)
    test, dev = head.split(held_out, "test"), head.split(held_out, "dev")
    whole = head.scores(test, test.features)
    return msgspec.structs.replace(
        report,
        log_loss=log_loss(whole, test.truth),
        roc_auc=_area(whole, test.truth),
        columns=head.weights(dev if len(dev.truth) else test, seed=spec.training.seed),
        ablations=[head.without(name, test) for name in ("features", *head.views)],
    )


def log_loss(scores: Doubles, truth: Ints) -> float:
    """Mean negative logarithm of the score of the true label."""
    return float(-np.log(np.maximum(scores[np.arange(len(truth)), truth], SMALLEST)).mean())


class _Head:
    """Answers for pooled vectors with any features."""

    def __init__(self, served: Served, spec: ModelSpec, temperature: float) -> None:
        assert isinstance(served.readout, FusedReadout)
        assert served.schema is not None
        self.served, self.readout, self.schema = served, served.readout, served.schema
        self.labels, self.temperature = spec.data.labels, temperature
        self.views = spec.features.views if spec.features else []

    def split(self, held_out: HeldOut, name: str) -> Split:
        examples, _ = held_out.of(name)
        number = {label: index for index, label in enumerate(self.labels)}
        pool = PoolReadout(pooling=self.readout.pooling, normalize=False)
        hidden = self.readout.dense.weight.shape[1]
        empty = np.empty((0, hidden), dtype=np.float32)
        return Split(
            vectors=self.served._replace(readout=pool).read(examples) if examples else empty,
            features=encode_examples(self.schema, examples),
            truth=np.array([number[one.label] for one in examples], dtype=np.int64),
            languages=[one.language for one in examples],
        )

    def scores(self, split: Split, features: Floats) -> Doubles:
        return softmax(self.readout.logits(split.vectors, features), temperature=self.temperature)

    def without(self, name: str, split: Split) -> Ablation:
        """`name` is a view, or "features" for all columns."""
        features = split.features.copy()
        features[:, [name in ("features", column.view) for column in self.schema.columns]] = np.nan
        scores = self.scores(split, features)
        report = evaluate(
            scores, [self.labels[place] for place in split.truth], split.languages, labels=self.labels, split="test"
        )
        loss, area = log_loss(scores, split.truth), _area(scores, split.truth)
        return Ablation(without=name, accuracy=report.accuracy, log_loss=loss, roc_auc=area)

    def weights(self, split: Split, *, seed: int) -> list[ColumnWeight]:
        """What counts most first. A column without which nothing is lost has the weight 0."""
        random = np.random.default_rng(seed)
        whole = log_loss(self.scores(split, split.features), split.truth)
        grown = np.array([self._growth(split, place, whole, random) for place in range(len(self.schema.columns))])
        shares = np.maximum(grown, 0.0) / max(np.maximum(grown, 0.0).sum(), SMALLEST)
        found = [
            ColumnWeight(name=name, weight=round(float(share), 6))
            for name, share in zip(self.schema.names, shares, strict=True)
        ]
        return sorted(found, key=lambda one: (-one.weight, one.name))

    def _growth(self, split: Split, place: int, whole: float, random: np.random.Generator) -> float:
        losses = []
        for _ in range(SHUFFLES):
            features = split.features.copy()
            features[:, place] = random.permutation(features[:, place])
            losses.append(log_loss(self.scores(split, features), split.truth))
        return float(np.mean(losses)) - whole


def _area(scores: Doubles, truth: Ints) -> Interval | None:
    """Of two labels."""
    return roc_auc(scores[:, 1], truth == 1) if scores.shape[1] == 2 else None
