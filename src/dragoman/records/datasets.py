"""What is known of datasets: how they were split, what leaks, what changed between versions, what is in them."""

from __future__ import annotations

from typing import Literal

import msgspec

from dragoman.records.base import Record

__all__ = [
    "CategoryShift",
    "DatasetDiff",
    "DatasetReport",
    "LanguageReport",
    "Leak",
    "LeakKind",
    "NumberShift",
    "SplitCheck",
    "SplitRecord",
    "SplitRules",
    "Spread",
    "ValueShift",
]

LeakKind = Literal["exact", "near", "group", "parallel", "time"]


class Spread(Record, frozen=True, kw_only=True):
    """How numbers are spread: quantiles, each a value that a row has. All numbers are 0 where no row has a value."""

    rows: int  # rows that have a value
    missing: int = 0  # rows that have none, or NaN
    mean: float = 0.0
    min: float = 0.0
    p05: float = 0.0
    p25: float = 0.0
    p50: float = 0.0
    p75: float = 0.0
    p95: float = 0.0
    max: float = 0.0


# Splits -------------------------------------------------------------------------------------------------------------


class SplitRules(Record, frozen=True, kw_only=True):
    """How rows are to be split. Columns are named; an empty name means that there is no such column.

    `shares` are in the order of time, and 1 together.
    """

    shares: dict[str, float] = msgspec.field(default_factory=lambda: {"train": 0.8, "dev": 0.1, "test": 0.1})
    seed: str = ""  # another one gives other splits
    text: str = "text"  # the same and similar texts stay together
    near: float = 0.7  # Jaccard similarity of n-grams from which two texts are similar
    group: str = ""  # rows with the same value stay together: one customer's, one document's
    parallel: str = ""  # the same, for translations of one text
    stratify: list[str] = []  # the shares hold for every combination of values of these columns
    time: str = ""  # earlier rows are in earlier splits
    borders: dict[str, str] = {}  # with `time`: split → its first moment, in ISO 8601; else the shares decide
    keep: Literal["later", "earlier"] = "later"  # with `time`: of what reaches over a border, the rows that stay


class SplitRecord(Record, frozen=True, kw_only=True):
    """How the rows of a dataset were split."""

    rules: SplitRules
    rows: dict[str, int]  # split → rows
    left_out: int  # rows of no split: what they belong to reaches over a border in time
    units: int  # what is never parted: groups, translations, similar texts
    borders: dict[str, str] = {}  # with time: split → its first moment
    checksums: dict[str, str]  # split → SHA-256 of its rows, whatever their order


class Leak(Record, frozen=True, kw_only=True):
    """Two rows of different splits that should stand in one."""

    kind: LeakKind
    first: str  # key of the row, or its number
    second: str
    splits: list[str]  # of the first, and of the second
    similarity: float = 1.0  # for near-duplicates, of the texts' n-grams
    value: str = ""  # the group, the parallel id, or the two times


class SplitCheck(Record, frozen=True, kw_only=True):
    """What leaks across splits. Rows count once for each kind of leak."""

    rows: dict[str, int]  # split → rows
    leaking: dict[LeakKind, int]  # kind → rows that it concerns; a kind that was not looked for is not there
    examples: list[Leak] = []
    checksums: dict[str, str]

    @property
    def is_clean(self) -> bool:
        return not any(self.leaking.values())


# Two versions -------------------------------------------------------------------------------------------------------


class ValueShift(Record, frozen=True, kw_only=True):
    """How many rows have a value, before and after."""

    value: str | None  # None: the rows that have none
    before: int
    after: int


class CategoryShift(Record, frozen=True, kw_only=True):
    """How the rows are spread over the values of a column, before and after."""

    column: str
    distance: float  # total variation of the shares: 0 the same, 1 nothing in common
    values: list[ValueShift]  # the most frequent ones, by name
    others: ValueShift | None = None  # the rest together; its value is the number of other values


class NumberShift(Record, frozen=True, kw_only=True):
    """How the numbers of a column are spread, before and after."""

    column: str
    distance: float  # total variation of the shares over the bins of the version before
    before: Spread
    after: Spread


class DatasetDiff(Record, frozen=True, kw_only=True):
    """What changed from one version of a dataset to another."""

    before: str  # names of the versions: "support 3"
    after: str
    key: list[str]  # columns by which rows are the same; empty: rows are compared as a whole
    rows_before: int
    rows_after: int
    added: int
    removed: int
    changed: int  # the same key, other values in the columns that both have
    unchanged: int
    new_columns: list[str] = []
    lost_columns: list[str] = []
    retyped_columns: dict[str, list[str]] = {}  # column → type before, type after
    changed_columns: dict[str, int] = {}  # column → rows with the same key that have another value there
    examples: dict[str, list[str]] = {}  # "added", "removed", "changed" → the first few keys, sorted
    categories: list[CategoryShift] = []
    numbers: list[NumberShift] = []
    lengths: list[NumberShift] = []  # of texts, in code points

    @property
    def is_same(self) -> bool:
        """Nothing changed, neither rows nor columns."""
        columns = self.new_columns or self.lost_columns or self.retyped_columns
        return not (self.added or self.removed or self.changed or columns)


# One version --------------------------------------------------------------------------------------------------------


class LanguageReport(Record, frozen=True, kw_only=True):
    """The rows of one language."""

    language: str  # as the rows say; "und" for those that say nothing
    rows: int
    labels: dict[str, int]
    splits: dict[str, int]
    lengths: Spread  # of the texts, in code points
    duplicates: int  # rows whose text another row has, in any language
    near_duplicates: int  # rows whose text is similar to that of another row, without those
    leaking: int  # rows with the same or a similar text in another split
    damaged: int  # rows whose text lost characters, or was read in a wrong encoding
    balance: float | None  # entropy of the labels as a share of the largest possible; None below two labels
    sampled: int  # texts that script and language were looked up of
    scripts: dict[str, int]  # ISO 15924 → sampled texts
    agreeing: int  # sampled texts whose language a detector takes for the declared one
    unsure: int  # sampled texts that a detector cannot tell
    detected: dict[str, int]  # other language → sampled texts that surely are in it
    thin: list[str] = []  # why there is too little of it; empty: there is enough


class DatasetReport(Record, frozen=True, kw_only=True):
    """What is in a version of a dataset."""

    name: str
    rows: int
    columns: dict[str, str]  # name → type
    missing: dict[str, int]  # column → rows without a value there
    labels: dict[str, int]
    splits: dict[str, int]
    languages: list[LanguageReport]  # the largest first
    near: float  # similarity from which two texts are near-duplicates
    sample: int  # texts per language that script and language are looked up of, at most

    @property
    def thin_languages(self) -> list[str]:
        return [one.language for one in self.languages if one.thin]
