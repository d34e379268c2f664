"""Where the events of a view come from, and which of their columns say when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from dragoman.errors import InvalidSpec
from dragoman.features.naming import require_text, require_view_name
from dragoman.spec.contracts import ColumnType

__all__ = ["Events"]


@dataclass(frozen=True, init=False)
class Events:
    """A dataset of the workspace, or files, each row an event.

    `time` is the column of when it happened, `available` that of when one could know it (as soon as it
    happened, where none is named). Rows of one key with the same `id` are versions of one event. `files` are names or
    patterns of CSV, JSONL or Parquet files relative to the workspace; `types` says what columns of files hold, as a
    contract does for a dataset: CSV has only text. Raises `InvalidSpec`.
    """

    dataset: str
    files: tuple[str, ...]
    time: str
    available: str | None
    id: str | None
    types: Mapping[str, ColumnType]

    def __init__(
        self,
        dataset: str = "",
        *,
        time: str,
        available: str | None = None,
        id: str | None = None,
        files: str | Sequence[str] = (),
        types: Mapping[str, ColumnType] | None = None,
    ) -> None:
        patterns = (files,) if isinstance(files, str) else tuple(files)
        _require_source(dataset, patterns)
        _require_types(dataset, types or {})
        for what, column in (("time", time), ("available", available), ("id", id)):
            if column is not None or what == "time":
                require_text(column, f"`{what}` of the events", "Name a column.")
        values = {"dataset": dataset, "files": patterns, "time": time, "available": available, "id": id}
        for name, value in {**values, "types": dict(types or {})}.items():
            object.__setattr__(self, name, value)

    @property
    def name(self) -> str:
        """What the source is called."""
        return self.dataset or ", ".join(self.files)

    @property
    def times(self) -> tuple[str, ...]:
        """The columns of moments, which a view reads as such whatever their type is."""
        return tuple(dict.fromkeys([self.time, self.available or self.time]))

    def to_plain(self) -> dict[str, Any]:
        """The source as plain data."""
        place = {"dataset": self.dataset} if self.dataset else {"files": list(self.files), "types": dict(self.types)}
        return {**place, "time": self.time, "available": self.available, "id": self.id}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Events:
        """The source of plain data."""
        return cls(**plain)


def _require_source(dataset: str, files: tuple[str, ...]) -> None:
    if dataset:
        require_view_name(dataset, "The dataset of the events")
    if bool(dataset) == bool(files):
        raise InvalidSpec(
            f"The events come from {'a dataset and files' if files else 'nowhere'}.",
            help='Name one: Events("orders", …), or Events(files="data/orders/*.parquet", …).',
        )
    for pattern in files:
        require_text(pattern, "A file of the events", "Name a file, or a pattern such as data/*.csv.")


def _require_types(dataset: str, types: Mapping[str, ColumnType]) -> None:
    if dataset and types:
        raise InvalidSpec(f"`types` names columns of the dataset '{dataset}'.", help="Its contract says the types.")
    for column, kind in types.items():
        if kind not in get_args(ColumnType):
            raise InvalidSpec(
                f"The type of the column '{column}' is {kind!r}.",
                help=f"It is one of {', '.join(get_args(ColumnType))}.",
            )
