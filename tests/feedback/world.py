"""Tables with predictions and labels."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from dragoman.feedback.joining import Span
from dragoman.feedback.labels import LABEL_TABLE
from dragoman.feedback.labels import table_of as table_of_labels
from dragoman.monitoring.prediction_log.schema import PARTITIONS, encode_row, table_of
from dragoman.records import Label, PredictionRow
from dragoman.store.tables import DeltaTables

__all__ = ["NOW", "answer", "at", "said", "span", "write_answers", "write_labels"]

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def at(days: float) -> str:
    """So many days before `NOW`."""
    return (NOW - timedelta(days=days)).isoformat()


def answer(id: str, *, days: float = 20.0, best: str = "refund", score: float = 0.9, **fields: Any) -> PredictionRow:
    given = {"model": "support", "version": "1", "language": "de", "labels": [best, "x"], "scores": [score, 0.0]}
    return PredictionRow(id=id, time=at(days), task="text-classification", **{**given, **fields})


def said(id: str, label: str = "refund", *, days: float = 19.0, **fields: Any) -> Label:
    given = {"model": "support", "source": "form", "received": at(days)}
    return Label(prediction_id=id, label=label, time=at(days), **{**given, **fields})


def write_answers(folder: Path | DeltaTables, rows: Iterable[PredictionRow], *, number: int = 1) -> DeltaTables:
    tables = folder if isinstance(folder, DeltaTables) else DeltaTables(folder)
    table, problems = table_of([encode_row(row) for row in rows])
    assert problems == []
    tables.append_once("predictions", table, app="test", number=number, partition_by=PARTITIONS)
    return tables


def write_labels(tables: DeltaTables, labels: Iterable[Label]) -> DeltaTables:
    tables.append(LABEL_TABLE, table_of_labels(list(labels)))
    return tables


def span(*, days: float = 365.0, version: str = "1") -> Span:
    return Span("support", version, NOW - timedelta(days=days), NOW)
