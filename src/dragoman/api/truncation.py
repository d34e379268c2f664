"""How text-embeddings-inference says what happens to long texts."""

from __future__ import annotations

from typing import Literal

from dragoman.errors import InvalidRequest
from dragoman.serving.tasks.base import TooLong

__all__ = ["Direction", "too_long_of"]

Direction = Literal["left", "right", "Left", "Right"]


def too_long_of(truncate: bool | None, direction: Direction | None) -> TooLong | None:  # noqa: FBT001 (a field of the wire)
    """The parameter `too_long`. Raises `InvalidRequest` for cutting at the left: texts keep their beginning."""
    if direction is not None and direction.lower() == "left":
        raise InvalidRequest("Texts are cut at their end only.", help='leave out "truncation_direction", or cut first.')
    if truncate is None:
        return None
    return "truncate" if truncate else "refuse"
