"""A small world of review: a catalog and labels in memory, reviewers, a clock that stands until it is moved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from tests.checks.catalog_review import review_draw, review_task

from dragoman.feedback.labels import LABEL_TABLE, LabelStore
from dragoman.feedback.review.desk import ReviewDesk
from dragoman.feedback.review.moments import written
from dragoman.records import PredictionRow, Reviewer, ReviewTask
from dragoman.spec import ReviewSpec
from dragoman.store.base import Catalog
from dragoman.store.memory import MemoryCatalog, MemoryTables

__all__ = ["NOON", "REVIEWERS", "World", "row_of", "rows_of_languages"]

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
REVIEWERS = [
    Reviewer(name="ana", languages=["de", "fr"]),
    Reviewer(name="bo", languages=["de"]),
    Reviewer(name="cy", languages=["de-AT", "th"]),
]


class World:
    """A desk and what is behind it."""

    def __init__(
        self, *, catalog: Catalog | None = None, reviewers: list[Reviewer] | None = None, **review: Any
    ) -> None:
        self.now = NOON
        self.catalog: Catalog = catalog or MemoryCatalog()
        self.tables = MemoryTables()
        self.desk = ReviewDesk(
            self.catalog,
            LabelStore(self.tables, self.catalog),
            spec=ReviewSpec(**review),
            reviewers=REVIEWERS if reviewers is None else reviewers,
            clock=lambda: self.now,
        )

    def add(self, count: int = 1, **changes: Any) -> list[ReviewTask]:
        """Tasks t0, t1, … about the predictions p0, p1, …"""
        made = {"created": written(NOON), "expires": written(NOON + timedelta(days=14)), **changes}
        tasks = [review_task(**{"id": f"t{n}", "prediction_id": f"p{n}", **made}) for n in range(count)]
        return self.catalog.add_review_tasks(review_draw(), tasks)

    def task(self, id: str = "t0") -> ReviewTask:
        return self.catalog.review_task(id)

    def wait(self, **span: float) -> None:
        self.now += timedelta(**span)

    def labels(self) -> list[tuple[str, str, str, str]]:
        """Prediction, label, source and labeler of all rows, in order."""
        if self.tables.latest(LABEL_TABLE) is None:
            return []
        rows = self.tables.read(LABEL_TABLE).to_pylist()
        return [(row["prediction_id"], row["label"], row["source"], row["labeler"]) for row in rows]


def row_of(id: str, **changes: Any) -> PredictionRow:
    row = PredictionRow(
        id=id,
        time="2026-01-02T10:00:00.000+00:00",
        model="support",
        version="3",
        task="text-classification",
        text=f"text of {id}",
        language="de",
        labels=["refund", "other"],
        scores=[0.8, 0.2],
    )
    return msgspec.structs.replace(row, **changes)


def rows_of_languages(**sizes: int) -> list[PredictionRow]:
    return [row_of(f"{name}{n}", language=name) for name, size in sizes.items() for n in range(size)]
