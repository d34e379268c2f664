"""Features: what a model reads of columns, and the views they come from."""

from __future__ import annotations

from typing import Any, Literal

from dragoman.records.base import Record

__all__ = ["AppliedView", "ColumnKind", "FeatureColumn", "PinnedView", "ViewColumn", "Watermark"]

ColumnKind = Literal["number", "category"]


class FeatureColumn(Record, frozen=True, kw_only=True):
    """One column that a model reads, as it was in training.

    `view` is empty for a column that the caller gives; a feature of a view is called `VIEW.FEATURE`. A category that
    training has not seen has the code of a missing value.
    """

    name: str
    kind: ColumnKind
    view: str = ""
    categories: list[str] = []  # most frequent first
    required: bool = False
    mean: float = 0.0  # of a number in training
    scale: float = 1.0  # its standard deviation; 1 for a constant
    low: float | None = None  # the smallest and the largest number in training
    high: float | None = None


class ViewColumn(Record, frozen=True, kw_only=True):
    """A feature of a view: its type, and its expression as text."""

    name: str
    type: Literal["number", "integer", "boolean", "string", "time"]
    expression: str


class AppliedView(Record, frozen=True, kw_only=True):
    """A feature view as `dragoman features apply` stored it. Its digest names what its online rows were made by."""

    name: str
    digest: str  # of the definition: everything that changes a value
    definition: dict[str, Any]  # entity, source, ttl, features, as plain data
    columns: list[ViewColumn]
    types: dict[str, Literal["number", "integer", "boolean", "string", "time"]] = {}  # of the source's columns it reads
    owner: str
    applied: str
    by: str
    retired: str = ""  # when it was taken out of the workspace


class PinnedView(Record, frozen=True, kw_only=True):
    """The definition of a view that a model was trained with, and the version of its source."""

    name: str
    digest: str
    dataset: str = ""  # empty where the source is files
    dataset_number: int = 0


class Watermark(Record, frozen=True, kw_only=True):
    """How far the online rows of a view have come."""

    view: str
    digest: str
    dataset_number: int  # the version of the source that they were made from; 0 for none
    available: str  # the newest available time that they know
    written: str  # when they were written
    rows: int  # entities
