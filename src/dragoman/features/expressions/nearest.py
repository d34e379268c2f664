"""The name that was probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["nearest"]

MOST = 60  # names that are listed


def nearest(name: str, known: Iterable[str]) -> str:
    """A sentence for the help of an error: the nearest name, or all of them."""
    names = sorted(known)
    found = get_close_matches(name, names, n=1, cutoff=0.6)
    return (
        f"Did you mean '{found[0]}'?"
        if found
        else f"There are: {', '.join(names[:MOST]) or 'none'}{' …' if len(names) > MOST else ''}."
    )
