"""Texts to ask a model, made of its own tokenizer's pieces: no two are the same, so that no cache can help."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import count

from dragoman.errors import InvalidInput
from dragoman.text.tokenizer import SPACE_MARK, Tokenizer

__all__ = ["made_texts"]

HEADS, TAILS = 4_093, 4_099  # primes: sixteen million texts go by before a pair comes again


def made_texts(tokenizer: Tokenizer, *, words: int, seed: int) -> Iterator[str]:
    """Texts of `words` words, two or more, each a piece of the vocabulary. A text takes well under a microsecond.

    Raises `InvalidInput` for a vocabulary with too few words.
    """
    known, chance = sorted(_words(tokenizer)), random.Random(seed)  # noqa: S311 (no secret)
    heads = _different(known, HEADS, (words + 1) // 2, chance)
    tails = _different(known, TAILS, words // 2, chance)
    return (f"{heads[number % HEADS]} {tails[number % TAILS]}" for number in count())


def _different(known: list[str], most: int, words: int, chance: random.Random) -> list[str]:
    """`most` different rows of words."""
    if len(known) ** words < 2 * most:
        raise InvalidInput(
            f"The tokenizer has {len(known)} whole words: too few for many texts of {2 * words}.",
            help="Ask for longer texts, or give a larger model.",
        )
    made: dict[str, None] = {}
    while len(made) < most:
        made[" ".join(chance.choices(known, k=words))] = None
    return list(made)


def _words(tokenizer: Tokenizer) -> set[str]:
    """Pieces that begin a word and consist of letters."""
    pieces = tokenizer.backend.get_vocab()
    marked = {piece.removeprefix(SPACE_MARK) for piece in pieces if piece.startswith(SPACE_MARK)}
    return {piece for piece in marked or set(pieces) if piece.isalpha()}
