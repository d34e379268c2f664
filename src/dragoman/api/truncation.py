"""How other dialects say what happens to long texts: text-embeddings-inference (TEI) and vLLM."""

from __future__ import annotations

from typing import Literal, TypedDict

from dragoman.errors import InvalidRequest
from dragoman.serving.tasks.base import TooLong, TruncateFrom
from dragoman.spec import ServingSpec

__all__ = ["Direction", "LongTexts", "is_cut", "long_texts"]

Direction = Literal["left", "right", "Left", "Right"]


class LongTexts(TypedDict):
    """Parameters of every task that reads texts; None means not given."""

    too_long: TooLong | None
    truncate_from: TruncateFrom | None


def long_texts(truncate: bool | None, direction: Direction | None, serving: ServingSpec) -> LongTexts:  # noqa: FBT001 (a field of the wire)
    """The parameters for `truncate` and `truncation_direction`. As in TEI, a direction where nothing is cut is idle."""
    too_long: TooLong | None = None if truncate is None else "truncate" if truncate else "refuse"
    is_left = direction in ("left", "Left")
    cuts = (too_long or serving.too_long) == "truncate"
    return LongTexts(too_long=too_long, truncate_from="start" if is_left and cuts else None)


def is_cut(limit: int | None, longest: int) -> bool | None:
    """`truncate` for vLLM's `truncate_prompt_tokens`: -1, or no less than `longest`, cuts where the model must.

    Raises `InvalidRequest` for a lower limit.
    """
    if limit is None:
        return None
    if limit != -1 and limit < longest:
        raise InvalidRequest(
            f"'truncate_prompt_tokens' is {limit}; the model reads {longest} tokens.",
            help="send -1, which cuts what the model cannot read.",
        )
    return True
