"""What to say about a name that is not known."""

from __future__ import annotations

import difflib
from collections.abc import Collection

__all__ = ["shown", "suggest"]

SHOWN_CHARACTERS = 60
SHOWN_CHOICES = 30


def suggest(word: str, valid: Collection[str]) -> str:
    """The nearest valid word, or all of them."""
    if near := difflib.get_close_matches(word[:SHOWN_CHARACTERS], valid, n=1, cutoff=0.6):
        return f"did you mean '{near[0]}'?"
    listed = ", ".join(sorted(valid)[:SHOWN_CHOICES])
    return f"valid ones are {listed}{', …' if len(valid) > SHOWN_CHOICES else ''}."


def shown(word: str) -> str:
    """A caller's word in quotes, cut and escaped: safe in a log, a terminal and UTF-8."""
    return repr(word) if len(word) <= SHOWN_CHARACTERS else f"{word[:SHOWN_CHARACTERS]!r}…"
