"""What a check of data against its contract found."""

from __future__ import annotations

from dragoman.records.base import Record

__all__ = ["BadRow", "CheckReport", "Unjudged", "Violation"]


class BadRow(Record, frozen=True, kw_only=True):
    """One row that breaks a rule."""

    file: str
    line: int  # from 1; of a source without lines, the row
    value: str  # escaped, on one line, at most 40 characters of it

    @property
    def place(self) -> str:
        return f"{self.file}:{self.line}"


class Violation(Record, frozen=True, kw_only=True):
    """A rule that the data break."""

    rule: str  # its kind: "required", "min", "unique", "row-count"
    words: str  # what should be: "'age' is at least 0"
    column: str = ""  # empty: of the whole table; several: "country, city"
    count: int = 0  # rows that break it; 0 if no single row is to blame
    rows: int = 0  # rows that it was judged on
    observed: str = ""  # of a rule over all rows, what was found: "12 rows"
    examples: list[BadRow] = []  # the first few in the order of files and lines

    @property
    def share(self) -> float:
        """Of the judged rows, how many break it."""
        return self.count / self.rows if self.rows else 0.0


class Unjudged(Record, frozen=True, kw_only=True):
    """A rule that the data give no answer to."""

    rule: str
    words: str
    column: str = ""
    why: str  # "no row has a time"


class CheckReport(Record, frozen=True, kw_only=True):
    """Data held against a contract. The order and the batches in which the rows came make no difference."""

    contract: str
    rows: int
    bad_rows: int  # rows that break at least one rule by themselves
    rules: int  # how many there are
    violations: list[Violation] = []
    unjudged: list[Unjudged] = []

    @property
    def passed(self) -> bool:
        return not self.violations

    @property
    def good_rows(self) -> int:
        return self.rows - self.bad_rows
