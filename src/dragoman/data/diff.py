"""Two versions of a dataset side by side: which rows changed, and how the rows are spread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dragoman.records import DatasetDiff

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used
    from pyarrow.dataset import Dataset

__all__ = ["diff_text", "diff_versions"]

CATEGORIES = ("language", "label", "split")


def diff_versions(
    before: pa.Table | Dataset,
    after: pa.Table | Dataset,
    *,
    names: tuple[str, str] = ("before", "after"),
    key: Sequence[str] | None = None,
    categories: Sequence[str] = CATEGORIES,
    texts: Sequence[str] = ("text",),
) -> DatasetDiff:
    """What changed from `before` to `after`.

    `key` are the columns by which a row of one is a row of the other; by default `id` where both have it, and else
    whole rows are compared. `categories` and `texts` name columns whose values are counted, or measured; those that
    neither version has are left out. Raises `InvalidInput` for a key that is missing or not unique.
    """


def diff_text(diff: DatasetDiff) -> str:
    """The difference in a few lines, for the terminal."""
