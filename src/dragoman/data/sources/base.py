"""What a source is: rows in batches, with their places, and a digest of what was read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple, Protocol

from dragoman.data.batches import SourceBatch
from dragoman.errors import InvalidData
from dragoman.spec.contracts import ColumnType

__all__ = ["Columns", "Position", "Refuse", "Refused", "Source", "refuse_all"]

Columns = Mapping[str, ColumnType]  # the columns that a contract declares: they say how values are read
Position = Mapping[str, int]  # how far a stream was read: partition → next offset


class Refused(NamedTuple):
    """A line, row or message that cannot be read as one."""

    file: str
    line: int
    why: str
    text: str  # what stands there

    @property
    def place(self) -> str:
        return f"{self.file}:{self.line}"


Refuse = Callable[[Refused], None]


def refuse_all(refused: Refused) -> None:
    """Stop at the first line that cannot be read."""
    raise InvalidData(f"{refused.place}: {refused.why}.", help="Correct the line and start again.")


class Source(Protocol):
    """Where rows come from. It is read once."""

    def batches(self, refuse: Refuse = refuse_all) -> Iterator[SourceBatch]:
        """The rows, in bounded memory. `refuse` is told of each line that cannot be read, and may raise.

        Raises `InvalidData` for what is no data at all, such as a binary file, and `NotFound`.
        """

    def digests(self) -> dict[str, str]:
        """Name → SHA-256 of what was read there; known when all batches were read."""

    def positions(self) -> dict[str, Position]:
        """Name → how far a stream was read; empty for sources that end."""

    def share(self) -> float | None:
        """How much was read, 0 to 1; None where nobody can know."""
