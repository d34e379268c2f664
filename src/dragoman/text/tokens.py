"""The tokens of one text, and where they stand in it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import groupby

import tokenizers

__all__ = ["INVISIBLE", "Span", "Tokens"]

INVISIBLE = r"[\u200B-\u200F\u202A-\u202E\u2060-\u2069\uFEFF\u00AD]"  # joiners, direction marks, soft hyphen
BLANK = re.compile(rf"[\s\x00-\x1f\x7f-\x9f]|{INVISIBLE}")
BYTE = re.compile(r"<0x([0-9A-F]{2})>")

Span = tuple[int, int]  # start and end, in code points


class Tokens:
    """One text's tokens without special tokens, uncut."""

    def __init__(self, ids: list[int], text: str = "", encoding: tokenizers.Encoding | None = None) -> None:
        self.ids = ids
        self._text, self._encoding = text, encoding

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def offsets(self) -> list[Span]:
        """Where each token stands in the text as the caller gave it, in code points.

        White space and invisible characters at a token's edges are left out; a token of nothing else is empty. Marks
        and letters that normalisation merged into the character before them belong to its token, so that `text[start:
        end]` never cuts a letter from its accent. Tokens of one character have the same span.
        """
        assert self._encoding is not None, "tokenised without offsets"
        tokens, spans = self._encoding.tokens, self._encoding.offsets
        if any(map(_is_byte, tokens)):
            spans = list(_byte_spans(tokens, spans))
        covered = bytearray(len(self._text))
        for start, end in spans:
            covered[start:end] = b"\1" * (end - start)
        return [self._tidy(span, covered) for span in spans]

    @cached_property
    def words(self) -> list[int | None]:
        """The number of each token's word: what the pre-tokenizer kept together."""
        assert self._encoding is not None, "tokenised without offsets"
        return self._encoding.word_ids

    def _tidy(self, span: Span, covered: bytearray) -> Span:
        (start, end), text = span, self._text
        if start < end and text[start].isalnum() and text[end - 1].isalnum() and (end == len(text) or covered[end]):
            return span  # nearly always
        while start < end and _is_blank(text[start]):
            start += 1
        while start < end and _is_blank(text[end - 1]):
            end -= 1
        while start < end < len(text) and not covered[end] and unicodedata.category(text[end])[0] in "LM":
            end += 1
        return start, end


def _byte_spans(tokens: Sequence[str], offsets: Sequence[Span]) -> Iterator[Span]:
    """The offsets, with tokens that are bytes at their own character: the library gives them all the whole run."""
    for (span, is_byte), run in groupby(zip(tokens, offsets, strict=True), key=lambda one: (one[1], _is_byte(one[0]))):
        pieces = [token for token, _ in run]
        yield from _spans_of_bytes(pieces, span) if is_byte and len(pieces) > 1 else [span] * len(pieces)


def _is_byte(token: str) -> bool:
    return token.startswith("<0x") and BYTE.fullmatch(token) is not None


def _is_blank(character: str) -> bool:
    return not character.isalnum() and BLANK.match(character) is not None


def _spans_of_bytes(pieces: Sequence[str], span: Span) -> list[Span]:
    raw = bytes(int(piece[3:5], 16) for piece in pieces)
    characters = raw.decode(errors="replace")
    if len(characters) != span[1] - span[0] or characters.encode() != raw:
        return [span] * len(pieces)  # normalisation changed their number: nobody knows which is which
    places = enumerate(characters, start=span[0])
    return [(place, place + 1) for place, character in places for _ in character.encode()]
