"""Texts and datasets."""

from __future__ import annotations

from dragoman.records.base import Record

__all__ = ["DatasetVersion", "Example"]


class Example(Record, frozen=True, kw_only=True):
    """One labelled text of a dataset."""

    id: str
    text: str
    label: str
    language: str
    split: str  # "train", "dev" or "test"


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
