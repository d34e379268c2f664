"""Which tokens are one word."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection

from dragoman.text.graphemes import Graphemes
from dragoman.text.spaceless import is_spaceless
from dragoman.text.tokens import Tokens

__all__ = ["group_words", "widen_to_words"]

JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"  # Persian writes them inside words


def group_words(tokens: Tokens, graphemes: Graphemes, *, blank: Collection[int]) -> list[range]:
    """The tokens of each word, in order; every token is in one.

    A word is what the tokenizer's pre-tokenizer kept together. Where a script has no spaces that would be a sentence:
    there every token is a word, as long as no character is cut. A token of `blank`, a space mark alone, is a word
    without text.
    """
    starts = [index for index in range(len(tokens)) if _starts_word(index, tokens, graphemes, blank)]
    return [range(*edges) for edges in zip(starts, [*starts[1:], len(tokens)], strict=True)]


def _starts_word(index: int, tokens: Tokens, graphemes: Graphemes, blank: Collection[int]) -> bool:
    if index == 0 or tokens.words[index] is None or tokens.words[index] != tokens.words[index - 1]:
        return True
    if tokens.ids[index] in blank or tokens.ids[index - 1] in blank:
        return True
    seam = tokens.offsets[index][0]
    return tokens.offsets[index - 1][1] <= seam and is_word_seam(graphemes, seam)


def is_word_seam(graphemes: Graphemes, seam: int) -> bool:
    """Whether a script without spaces stands on one side, and no character on both."""
    around = graphemes.text[max(seam - 1, 0) : seam + 1]
    return any(map(is_spaceless, around)) and graphemes.is_border(seam)


def widen_to_words(graphemes: Graphemes, start: int, end: int) -> tuple[int, int]:
    """The span, with the rest of the words that it cuts: of letters, digits and marks that stand together.

    In a script without spaces nothing is added.
    """
    text = graphemes.text
    while 0 < start < len(text) and is_inside_word(text, start):
        start -= 1
    while 0 < end < len(text) and is_inside_word(text, end):
        end += 1
    return start, end


def is_inside_word(text: str, position: int) -> bool:
    """Whether the characters on both sides are of one word."""
    return all(is_of_word(char) and not is_spaceless(char) for char in text[position - 1 : position + 1])


def is_of_word(char: str) -> bool:
    return unicodedata.category(char)[0] in "LMN" or char in JOINERS
