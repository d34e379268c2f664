"""What is in a version of a dataset, per language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dragoman.records import DatasetReport
from dragoman.text.language import Detector

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used
    from pyarrow.dataset import Dataset

__all__ = ["report_of", "report_page", "report_text"]

SAMPLE = 200
NEAR = 0.7


def report_of(
    table: pa.Table | Dataset,
    *,
    name: str,
    text: str = "text",
    language: str = "language",
    label: str = "label",
    split: str = "split",
    near: float = NEAR,
    sample: int = SAMPLE,
    detector: Detector | None = None,
) -> DatasetReport:
    """What is in a version of a dataset; `name` says which one: "support 3".

    `text`, `language`, `label` and `split` name columns; only that of the text must be there. Texts whose n-grams have
    a Jaccard similarity of at least `near` are near-duplicates. `sample` texts of each language are shown to the
    `detector`, by default py3langid. Raises `InvalidInput` without the column of the text.
    """


def report_text(report: DatasetReport) -> str:
    """The report in a table and a few lines, for the terminal."""


def report_page(report: DatasetReport) -> str:
    """The report as one HTML page that needs nothing else, and has no scripts."""
