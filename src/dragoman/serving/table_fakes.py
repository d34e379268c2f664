"""A model of a table without trees, for tests: it adds up the numbers of a row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dragoman.models.readouts import PoolReadout
from dragoman.models.tabular import FeatureSchema, Intervals
from dragoman.records import FeatureColumn
from dragoman.runtime.row_session import RowSession
from dragoman.serving.backbone import Backbone
from dragoman.serving.fakes import FAKE_LABELS, fake_engine
from dragoman.serving.features import Features
from dragoman.serving.lookup import FeatureLookup
from dragoman.serving.model import Model
from dragoman.serving.tasks.base import Task
from dragoman.serving.tasks.tabular import TabularClassification, TabularRegression
from dragoman.spec import ServingSpec
from dragoman.text.language import NoDetector

__all__ = ["FAKE_COLUMNS", "VIEW_COLUMNS", "fake_table", "sums", "votes"]

FAKE_COLUMNS = (
    FeatureColumn(name="age", kind="number", mean=40.0),
    FeatureColumn(name="plan", kind="category", categories=["gold", "silver", "true", "7"]),
)
VIEW_COLUMNS = (
    *FAKE_COLUMNS,
    FeatureColumn(name="orders.count_30d", kind="number", view="orders"),
    FeatureColumn(name="orders.last", kind="category", view="orders", categories=["book", "pen"]),
)


def sums(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """`[rows, columns]` → `[rows, 3]`: the sum of what is known of a row, one less, and one more."""
    known = np.where(np.isnan(rows), np.float32(0), rows)
    told: NDArray[np.float32] = known.sum(axis=1, keepdims=True) + np.array([0, -1, 1], dtype=np.float32)
    return told


def votes(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """`[rows, columns]` → `[rows, labels]`: the first label has the sum of what is known of a row, the others 0."""
    told = np.zeros((len(rows), len(FAKE_LABELS)), dtype=np.float32)
    told[:, 0] = sums(rows)[:, 0]
    return told


def fake_table(
    task: str = "tabular-regression",
    *,
    columns: Sequence[FeatureColumn] = FAKE_COLUMNS,
    lookup: FeatureLookup | None = None,
    session: Any = None,
    **changes: Any,
) -> Model:
    """A model whose value, or first logit, is the sum of a row; `changes` replace arguments of `Model`."""
    serving = changes.setdefault("serving", ServingSpec())
    predict = votes if task == "tabular-classification" else sums
    engine = fake_engine(session or RowSession(predict, columns=len(columns)), serving=serving, digest="table")
    arguments: dict[str, Any] = {
        "name": "scoring" if task == "tabular-classification" else "prices",
        "version": "1",
        "digest": "table",
        "task": _task(task, FeatureSchema(columns), serving),
        "backbone": Backbone(tokenizer=None, engine=engine, digest="table"),
        "detector": NoDetector(),
        "languages": (),
        "features": Features(columns, lookup),
    }
    return Model(**(arguments | changes))


def _task(name: str, schema: FeatureSchema, serving: ServingSpec) -> Task:
    readout = PoolReadout(pooling="cls", normalize=False)
    if name == "tabular-classification":
        return TabularClassification(encoder=schema, readout=readout, labels=FAKE_LABELS, serving=serving)
    return TabularRegression(encoder=schema, readout=readout, intervals=Intervals(coverage=0.9, margins=[1.0]))
