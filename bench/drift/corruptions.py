"""What goes wrong with texts on their way to a model. Each function takes a text and gives what arrives instead."""

from __future__ import annotations

import unicodedata

__all__ = ["capitals", "misread", "replaced", "romanised", "truncated", "unmarked"]

KEPT_SHARE = 0.3  # of a truncated text
LETTERS = dict(zip("абвгдђежзијклмнопрстћуфхцчш", "abvgdđežzijklmnoprstćufhcčš", strict=True))
DIGRAPHS = {"љ": "lj", "њ": "nj", "џ": "dž"}
LATIN = LETTERS | DIGRAPHS  # of Serbian: one letter or two for each of Vuk's 30
TABLE = str.maketrans(LATIN | {lower.upper(): latin.capitalize() for lower, latin in LATIN.items()})


def misread(text: str) -> str:
    """UTF-8 that somebody read as Latin-1: `é` arrives as `Ã©`."""
    return text.encode().decode("latin-1")


def replaced(text: str) -> str:
    """Latin-1 that somebody read as UTF-8 without complaint: `é` arrives as U+FFFD, what Latin-1 lacks as `?`."""
    return text.encode("latin-1", "replace").decode("utf-8", "replace")


def truncated(text: str) -> str:
    """The first 30% of the characters, at least one."""
    return text[: max(1, round(len(text) * KEPT_SHARE))]


def capitals(text: str) -> str:
    """All in capitals."""
    return text.upper()


def unmarked(text: str) -> str:
    """Without accents and other marks above and below letters."""
    letters = (letter for letter in unicodedata.normalize("NFD", text) if not unicodedata.combining(letter))
    return unicodedata.normalize("NFC", "".join(letters))


def romanised(text: str) -> str:
    """Serbian in Latin letters instead of Cyrillic ones."""
    return text.translate(TABLE)
