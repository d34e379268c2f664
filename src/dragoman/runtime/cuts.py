"""A text as a tokenizer cuts it: ids, and where each of them stands in the text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from dragoman.text.tokenizer import Tokenizer
from dragoman.text.tokens import Span

__all__ = ["Cut", "cut_texts"]

NOWHERE: Span = (0, 0)


class Cut(NamedTuple):
    """One text of `L` tokens, special tokens included, cut at the model's longest sequence."""

    ids: list[int]  # [L]
    spans: list[Span]  # [L] code points of each token; empty for special tokens
    characters: int


def cut_texts(tokenizer: Tokenizer, texts: Sequence[str]) -> list[Cut]:
    """Each text as `tokenizer` cuts it."""
    room = tokenizer.room()
    before, after = [NOWHERE] * tokenizer.start, [NOWHERE] * (tokenizer.max_tokens - room - tokenizer.start)
    return [
        Cut(tokenizer.join(tokens.ids[:room]), [*before, *tokens.offsets[:room], *after], len(text))
        for text, tokens in zip(texts, tokenizer.tokenize_many(texts, with_offsets=True), strict=True)
    ]
