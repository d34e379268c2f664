"""Texts and datasets."""

from __future__ import annotations

from typing import Any

from dragoman.records.base import Record
from dragoman.records.contracts import CheckReport

__all__ = ["DatasetVersion", "Example"]


class Example(Record, frozen=True, kw_only=True):
    """One labelled text of a dataset."""

    id: str
    text: str
    label: str
    language: str
    split: str  # "train", "dev" or "test"
    features: dict[str, Any] = {}  # column → value, where the data has other columns


class DatasetVersion(Record, frozen=True, kw_only=True):
    """An immutable version of a dataset: which rows, from which files."""

    name: str
    number: int
    digest: str  # of the rows, independent of their order in the files
    rows: int
    splits: dict[str, int]
    languages: dict[str, int]
    labels: dict[str, int]
    sources: dict[str, str]  # file name → SHA-256
    created: str
    # Of one that `dragoman data ingest` made:
    columns: dict[str, str] = {}  # name → type; empty: the five of an example
    contract: str = ""  # SHA-256 of the contract that it keeps
    report: CheckReport | None = None  # of the check, rows of the parent included
    parent: int | None = None  # the version that it adds rows to
    quarantined: int = 0  # rows of its sources that were filed instead
    positions: dict[str, dict[str, int]] = {}  # stream → partition → the next offset to read

    @property
    def uri(self) -> str:
        return f"datasets:/{self.name}/{self.number}"
