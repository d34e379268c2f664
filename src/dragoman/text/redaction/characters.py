"""Classes of characters, each written as the inside of a regular expression's brackets."""

from __future__ import annotations

import re

from dragoman.text.script_ranges import SCRIPT_RANGES
from dragoman.text.spaceless import SCRIPTS as SPACELESS

__all__ = ["GLUED", "IGNORABLE", "LATIN", "OUTSIDE_WORDS", "reversed_match"]


def _of_scripts(*scripts: str) -> str:
    spans = [span.partition("-") for script in scripts for span in SCRIPT_RANGES[script].split()]
    return "".join(f"\\U{int(first, 16):08x}-\\U{int(last or first, 16):08x}" for first, _, last in spans)


# Scripts whose words touch their neighbours: an address next to them ends where they begin.
GLUED = _of_scripts(*SPACELESS, "Hang") + "\u30fc\uff70"
LATIN = _of_scripts("Latn") + "\u0300-\u036f"

# Punctuation, symbols and emoji beyond ASCII: all that is no letter, mark or digit. What is forgotten here counts as a
# letter, and so as part of an address beside it.
OUTSIDE_WORDS = (
    "\x80-\xa9\xab-\xb4\xb6-\xb9\xbb-\xbf\xd7\xf7"
    "\u055a-\u055f\u0589\u05be\u05c0\u05c3\u05f3\u05f4\u0600-\u060f\u061b-\u061f\u066a-\u066d\u06d4"
    "\u0964\u0965\u0970\u0df4\u0e3f\u0e4f\u0e5a\u0e5b\u0f04-\u0f14\u104a-\u104f\u10fb\u1360-\u1368"
    "\u1680\u17d4-\u17db\u1800-\u180a\u2000-\u206f\u20a0-\u20cf\u2100-\u2bff\u2e00-\u2e7f"
    "\u3000-\u3004\u3008-\u3020\u3030\u303d-\u303f\u30fb\ud800-\udfff\ufd3e\ufd3f\ufe10-\ufe1f\ufe30-\ufe6f"
    "\uff00-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65\uffe0-\uffff\U0001f000-\U0001faff"
)

# Characters that nobody sees: format characters, fillers, variation selectors, the box of a keycap emoji.
IGNORABLE = (
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u20e3\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff"
)


def reversed_match(pattern: re.Pattern[str], text: str, end: int, *, floor: int, most: int) -> re.Match[str] | None:
    """Match a pattern from `end` to the left, over at most `most` characters and never below `floor`.

    The pattern sees the text backwards. This is how everything to the left of a seed is read in bounded time.
    """
    return pattern.match(text[max(floor, end - most) : end][::-1])
