"""What all tables of a spec share."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

__all__ = ["DatasetName", "Language", "Name", "Section"]

# `$` alone also matches before a newline at the end; JSON Schema knows no `\Z`.
NAME_PATTERN = r"^[a-z0-9][a-z0-9_-]{0,63}$(?!\n)"
DATASET_PATTERN = r"^[a-z0-9][a-z0-9_-]{0,63}(/[0-9]{1,9})?$(?!\n)"
LANGUAGE_PATTERN = r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$(?!\n)"
Name = Annotated[str, Meta(pattern=NAME_PATTERN)]
DatasetName = Annotated[str, Meta(pattern=DATASET_PATTERN)]  # with or without a version
Language = Annotated[str, Meta(pattern=LANGUAGE_PATTERN)]


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the tables of a spec."""
