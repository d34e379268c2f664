"""One spelling of the characters that values are written with: digits of every script, full-width forms, dashes."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from typing import NamedTuple

from dragoman.text.redaction.characters import IGNORABLE

__all__ = ["FoldedText", "fold_digits", "fold_text"]

DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
SPACES = "\t\xa0\u2000-\u200a\u202f\u205f\u3000"
AT_SIGNS = "\uff20\ufe6b"
FULL_WIDTH = "\uff0b\uff0e\uff0f\uff21-\uff3a\uff3f\uff41-\uff5a"  # + . / letters _

FOLDABLE = re.compile(f"[\\d{DASHES}{SPACES}{AT_SIGNS}{FULL_WIDTH}]+")
IGNORED = re.compile(f"[{IGNORABLE}]")


class FoldedText(NamedTuple):
    """A text with one character for each that is seen, and the way back to the text it was made from."""

    text: str
    dropped: list[int]  # for each character that was left out, the place in `text` before which it stood

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where `text[start:end]` stands in the original."""
        return start + bisect_right(self.dropped, start), end + bisect_right(self.dropped, end - 1)


class _Folds(dict[int, str]):
    """A table for `str.translate` that fills itself."""

    def __missing__(self, code: int) -> str:
        folded = self[code] = _fold(chr(code))
        return folded


FOLDS = _Folds()


def fold_text(text: str) -> FoldedText:
    """Fold digits, dashes, spaces and full-width forms to ASCII, one to one, and drop what nobody sees."""
    dropped: list[int] = []
    if not text.isascii():
        dropped = [match.start() - number for number, match in enumerate(IGNORED.finditer(text))]
        text = FOLDABLE.sub(_fold_run, IGNORED.sub("", text) if dropped else text)
    elif "\t" in text:
        text = text.replace("\t", " ")
    return FoldedText(text, dropped)


def fold_digits(text: str) -> str:
    """The text with its digits in ASCII, without what nobody sees, in one normal form."""
    return unicodedata.normalize("NFC", fold_text(text).text)


def _fold_run(match: re.Match[str]) -> str:
    run = match[0]
    return run if run.isascii() and "\t" not in run else run.translate(FOLDS)


def _fold(char: str) -> str:
    if char in DASHES:
        return "-"
    if char.isspace():
        return " "
    digit = unicodedata.decimal(char, None)
    return unicodedata.normalize("NFKC", char) if digit is None else str(digit)
