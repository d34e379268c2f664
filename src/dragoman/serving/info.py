"""What a server tells of a model."""

from __future__ import annotations

from typing import Self

import msgspec

from dragoman.records import ColumnKind, FeatureColumn

__all__ = ["ColumnInfo", "ModelInfo"]


class ColumnInfo(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A column that a model reads. `view` is empty for one that the caller gives."""

    name: str
    kind: ColumnKind
    view: str
    required: bool

    @classmethod
    def of(cls, column: FeatureColumn) -> Self:
        return cls(name=column.name, kind=column.kind, view=column.view, required=column.required)


class ModelInfo(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One model version that a server answers with."""

    name: str
    version: str
    aliases: list[str]
    task: str
    labels: list[str]
    languages: list[str]  # empty: any
    max_tokens: int  # 0 for a model of a table
    max_inputs: int
    max_text_characters: int
    too_long: str  # "truncate" or "refuse"
    columns: list[ColumnInfo] = []  # that the model reads beside texts, or instead of them
    views: list[str] = []  # whose features it looks up by the key of an input
