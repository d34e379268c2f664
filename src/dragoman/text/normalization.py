"""Unicode normalisation: what two spellings of the same text have in common."""

from __future__ import annotations

import unicodedata

__all__ = ["drop_diacritics", "find_lone_surrogate", "fold"]


def fold(text: str) -> str:
    """Compatibility form, case-folded, letters, marks and digits only, single spaces.

    Two texts with the same fold differ only in width, case, punctuation, emoji or white space.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(folded.translate(KEPT).split())


class Kept(dict[int, int]):
    """For `str.translate`: letters, marks and digits stay, the rest becomes spaces. Fills as characters come."""

    def __missing__(self, code: int) -> int:
        kept = self[code] = code if unicodedata.category(chr(code))[0] in "LMN" else ord(" ")
        return kept


KEPT = Kept()


def drop_diacritics(text: str) -> str:
    """The text as it is typed without accents: `où` → `ou`. Scripts whose marks are vowels stay as they are."""
    kept: list[str] = []
    for char in unicodedata.normalize("NFD", text):
        if unicodedata.combining(char) and kept and unicodedata.name(kept[-1], "").startswith(("LATIN", "GREEK")):
            continue
        kept.append(char)
    return unicodedata.normalize("NFC", "".join(kept))


def find_lone_surrogate(text: str) -> int:
    """Position of the first code point that UTF-8 cannot carry, or -1."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        return error.start
    return -1
