"""What a reader takes for one character: grapheme clusters, after Unicode Standard Annex 29.

The classes come from general categories and a few ranges, not from the annex's tables. Three things differ on purpose
or for brevity: a spacing mark never begins a cluster (the annex lets some of Burmese do so), any symbol counts as a
pictograph after a joiner, and nothing is joined to white space.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache

__all__ = ["Graphemes", "is_blank"]

CLASSES = (  # the first that matches a character is its kind; general categories decide the rest
    ("prefix", r"[\u0600-\u0605\u06DD\u070F\u0890\u0891\u08E2\u0D4E\U000110BD\U000110CD]"),
    ("joiner", r"\u200D"),
    ("nonjoiner", r"\u200C"),
    ("extend", r"[\uFF9E\uFF9F\U0001F3FB-\U0001F3FF\U000E0020-\U000E007F]"),  # width, skin tones, tags of flags
    ("mark", r"[\u0E33\u0EB3]"),  # vowels of Thai and Lao that Unicode calls letters
    ("linker", r"[\u094D\u09CD\u0ACD\u0B4D\u0C4D\u0D4D\u1039\u17D2]"),  # join two consonants into one shape
    ("indic", r"[\u0904-\u0939\u0958-\u0961\u0972-\u097F\u0985-\u09B9\u0A85-\u0AB9\u0B05-\u0B39\u0C05-\u0C39]"),
    ("indic", r"[\u0D05-\u0D3A\u1000-\u102A\u103F\u1780-\u17B3]"),
    ("flag", r"[\U0001F1E6-\U0001F1FF]"),
    ("symbol", r"[\u203C\u2049\u2194-\u21AA\u3030\u303D\U0001F000-\U0001FAFF]"),
    ("L", r"[\u1100-\u115F\uA960-\uA97C]"),
    ("V", r"[\u1160-\u11A7\uD7B0-\uD7C6]"),
    ("T", r"[\u11A8-\u11FF\uD7CB-\uD7FB]"),
    ("LV", r"[\uAC00-\uD7A3]"),
)
KINDS = [(kind, re.compile(pattern)) for kind, pattern in CLASSES]
CATEGORIES = {
    **dict.fromkeys(("Cc", "Cf", "Zl", "Zp", "Zs"), "blank"),
    **dict.fromkeys(("Mn", "Me"), "extend"),
    "Mc": "mark",
    "So": "symbol",
}
FIRST_SYLLABLE, TAILS = 0xAC00, 28  # of the Hangul syllables, one in 28 has no final consonant

CONTINUING = frozenset({"extend", "joiner", "linker", "mark", "nonjoiner"})
PAIRS = frozenset(
    {
        *(("L", following) for following in ("L", "V", "LV", "LVT")),
        *((before, following) for before in ("LV", "V") for following in ("V", "T")),
        ("LVT", "T"),
        ("T", "T"),
    }
)
CHAINS = {"symbol": "picture", "flag": "flag", "indic": "indic"}  # what a character begins
LINKS = {  # (chain, next character) → chain; everything else ends a chain
    **{("picture", kind): "picture" for kind in ("extend", "linker", "nonjoiner")},
    **{("indic", kind): "indic" for kind in ("extend", "joiner")},
    **{("indic, linked", kind): "indic, linked" for kind in ("extend", "joiner", "linker")},
    ("picture", "joiner"): "picture, joined",
    ("indic", "linker"): "indic, linked",
    ("flag", "flag"): "",
}
JOINED = frozenset({("picture, joined", "symbol"), ("flag", "flag"), ("indic, linked", "indic")})


class Graphemes:
    """The clusters of a text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.borders: Sequence[int] = range(len(text) + 1) if text.isascii() else list(find_borders(text))

    def tidy(self, start: int, end: int) -> tuple[int, int]:
        """The span without blank edges, widened to whole clusters; an empty span if it holds nothing but blanks."""
        text = self.text
        while start < end and is_blank(text[start]):
            start += 1
        while start < end and is_blank(text[end - 1]):
            end -= 1
        return self.widen(start, end) if start < end else (start, start)

    def widen(self, start: int, end: int) -> tuple[int, int]:
        """A span of at least one character, with the rest of the clusters that it cuts."""
        return self.borders[bisect_right(self.borders, start) - 1], self.borders[bisect_left(self.borders, end)]

    def is_border(self, position: int) -> bool:
        """Whether a cluster begins, or the text ends, here."""
        return self.borders[bisect_left(self.borders, position)] == position


def is_blank(char: str) -> bool:
    """White space, controls, and invisible characters that join nothing."""
    return kind_of(char) == "blank"


def find_borders(text: str) -> Iterator[int]:
    """Where clusters begin, and the end of the text."""
    before, chain = "blank", ""
    for position, char in enumerate(text):
        kind = kind_of(char)
        if not is_joined(before, kind, chain):
            yield position
        before, chain = kind, LINKS.get((chain, kind), CHAINS.get(kind, ""))
    yield len(text)


def is_joined(before: str, kind: str, chain: str) -> bool:
    """Whether a character of `kind` belongs to the cluster of the one before."""
    if "blank" in (before, kind):
        return False
    return kind in CONTINUING or before == "prefix" or (before, kind) in PAIRS or (chain, kind) in JOINED


@lru_cache(maxsize=65_536)
def kind_of(char: str) -> str:
    """The class of a character: a key of the tables above, or "other"."""
    if char.isascii():
        return "blank" if char <= " " or char == "\x7f" else "other"
    kind = next((kind for kind, pattern in KINDS if pattern.match(char)), "")
    if kind == "LV":
        return "LVT" if (ord(char) - FIRST_SYLLABLE) % TAILS else "LV"
    return kind or CATEGORIES.get(unicodedata.category(char), "other")
