"""What a server tells of a model."""

from __future__ import annotations

import msgspec

__all__ = ["ModelInfo"]


class ModelInfo(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One model version that a server answers with."""

    name: str
    version: str
    aliases: list[str]
    task: str
    labels: list[str]
    languages: list[str]  # empty: any
    max_tokens: int
    max_inputs: int
    max_text_characters: int
    too_long: str  # "truncate" or "refuse"
