"""Inputs that are text or token ids, as several dialects take them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from dragoman.errors import EmptyInput, InvalidRequest
from dragoman.text.tokenizer import Tokenizer

__all__ = ["Text", "decoded", "texts_aside", "texts_of"]

Text = str | list[int]  # a text, or its token ids


def texts_of(given: str | Sequence[Text | int], tokenizer: Tokenizer) -> list[str]:
    """The texts of `"text"`, `["a", "b"]`, `[1, 2, 3]` (one text) or `[[1, 2], "b"]`; ids become text again.

    Raises `InvalidRequest` for ids that are no ids and for a list of ids and texts.
    """
    if not given:
        raise EmptyInput("The input is empty.", help="send a text, or token ids.")
    if isinstance(given, str):
        return [given]
    numbers = [one for one in given if isinstance(one, int)]
    if not numbers:
        return [one if isinstance(one, str) else decoded(one, tokenizer) for one in given if not isinstance(one, int)]
    if len(numbers) < len(given):
        raise InvalidRequest("The input mixes token ids and texts.", help="put the ids of one text in their own list.")
    return [decoded(numbers, tokenizer)]


async def texts_aside(given: str | Sequence[Text | int], tokenizer: Tokenizer) -> list[str]:
    """What `texts_of` gives; ids are decoded in a thread, so that the event loop goes on."""
    if isinstance(given, str) or all(isinstance(one, str) for one in given):
        return texts_of(given, tokenizer)
    return await asyncio.to_thread(texts_of, given, tokenizer)


def decoded(ids: Sequence[int], tokenizer: Tokenizer, *, skip_special_tokens: bool = True) -> str:
    """The text of token ids. Raises `InvalidRequest` for a number that is no id of the tokenizer."""
    for id in ids:
        if not 0 <= id < tokenizer.ids:
            raise InvalidRequest(f"{id} is no token id.", help=f"ids are from 0 to {tokenizer.ids - 1}.")
    return tokenizer.decode(ids, skip_special_tokens=skip_special_tokens)
