"""Tokens that stand for a space and nothing else."""

from __future__ import annotations

from dragoman.text.tokenizer import SPACE_MARK, Tokenizer
from dragoman.text.tokens import Span, Tokens

__all__ = ["blank_tokens", "text_spans"]

BYTE_LEVEL_SPACE = "\N{LATIN CAPITAL LETTER G WITH DOT ABOVE}"  # how a byte-level vocabulary writes a space


def blank_tokens(tokenizer: Tokenizer) -> frozenset[int]:
    """Ids of the pieces that are a space mark alone."""
    ids = map(tokenizer.backend.token_to_id, (SPACE_MARK, BYTE_LEVEL_SPACE))
    return frozenset(id for id in ids if id is not None)


def text_spans(tokens: Tokens, blank: frozenset[int]) -> list[Span]:
    """Where each token's text stands, empty for a blank one: the tokenizer says that a space mark which it put before
    a word without a space stands on the word's first character.
    """
    return [
        (start, start) if id in blank else (start, end)
        for id, (start, end) in zip(tokens.ids, tokens.offsets, strict=True)
    ]
