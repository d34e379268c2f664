"""What a model reads of the columns that the log has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from dragoman.spec import ModelSpec

__all__ = ["Columns"]


class Columns(NamedTuple):
    """Columns beside the text, or instead of it."""

    names: frozenset[str]
    views: frozenset[str]  # whose features are columns VIEW.FEATURE

    @classmethod
    def of(cls, spec: ModelSpec) -> Columns:
        features = spec.features
        return (
            cls(frozenset(features.columns), frozenset(features.views)) if features else cls(frozenset(), frozenset())
        )

    def __bool__(self) -> bool:
        return bool(self.names or self.views)

    def knows(self, name: str) -> bool:
        """Whether the model reads the column."""
        view, dot, _ = name.partition(".")
        return name in self.names or (bool(dot) and view in self.views)

    def read(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """What the model reads of a row; what is missing is not there."""
        return {name: value for name, value in row.items() if value is not None and self.knows(name)}
