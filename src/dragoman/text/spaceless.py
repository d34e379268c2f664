"""Scripts that are written without spaces between words."""

from __future__ import annotations

from bisect import bisect_right
from functools import cache, lru_cache

from dragoman.text.script_ranges import SCRIPT_RANGES

__all__ = ["is_spaceless"]

SCRIPTS = (
    "Hani",
    "Hira",
    "Kana",
    "Bopo",
    "Thai",
    "Laoo",
    "Khmr",
    "Mymr",
    "Tibt",
    "Lana",
    "Talu",
    "Tale",
    "Java",
    "Bali",
)
SHARED = "\u30fc\uff70"  # the long vowel of Japanese, which Unicode counts to no script


@lru_cache(maxsize=65_536)
def is_spaceless(char: str) -> bool:
    """Whether a character is a letter or mark of a script that has no spaces between words, such as Thai or Chinese."""
    starts, stops = _ranges()
    place = bisect_right(starts, ord(char)) - 1
    return char in SHARED or (place >= 0 and ord(char) < stops[place])


@cache
def _ranges() -> tuple[list[int], list[int]]:
    spans = sorted(
        (int(first, 16), int(last or first, 16) + 1)
        for script in SCRIPTS
        for first, _, last in (span.partition("-") for span in SCRIPT_RANGES[script].split())
    )
    return [start for start, _ in spans], [stop for _, stop in spans]
