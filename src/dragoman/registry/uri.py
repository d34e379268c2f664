"""Names of versions: `models:/support/3`, `models:/support@champion`, and their short forms."""

from __future__ import annotations

import re
from typing import NamedTuple

from dragoman.errors import InvalidRequest

__all__ = ["CHALLENGER", "CHAMPION", "ModelUri", "is_champion", "is_model_name", "is_model_uri", "parse_model_uri"]

CHALLENGER = "challenger"
CHAMPION = "champion"
PREFIX = "models:/"
NAME = r"[a-z0-9][a-z0-9_-]*"
PATTERN = re.compile(rf"(?P<name>{NAME})(?:/(?P<number>[1-9][0-9]{{0,17}})|@(?P<alias>[a-z][a-z0-9_-]*))?")


class ModelUri(NamedTuple):
    """A model with a version's number, or with an alias that points at one."""

    name: str
    number: int | None
    alias: str | None


def is_model_name(text: str) -> bool:
    return re.fullmatch(NAME, text) is not None


def is_model_uri(text: str) -> bool:
    return text.startswith(PREFIX)


def is_champion(reference: str) -> bool:
    """Whether a reference means whatever version is the champion, rather than a certain one."""
    return "/" not in reference.removeprefix(PREFIX) and reference.partition("@")[2] in ("", CHAMPION)


def parse_model_uri(text: str) -> ModelUri:
    """`models:/support/3`, `models:/support@champion`; without a version, the champion.

    The prefix may be left out.
    """
    match = PATTERN.fullmatch(text.removeprefix(PREFIX))
    if match is None:
        raise InvalidRequest(
            f"{text!r} does not name a model.", help="Write models:/NAME/3, models:/NAME@champion, or NAME."
        )
    number = int(match["number"]) if match["number"] else None
    return ModelUri(match["name"], number, match["alias"] or (None if number else CHAMPION))
