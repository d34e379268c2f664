"""Texts that match a pattern. RE2 runs it: linear in the length of the text, whatever the pattern."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pyarrow.compute as pc

from dragoman.data.rules.base import RowRule, on_values
from dragoman.data.rules.masks import Mask, mask_of
from dragoman.data.rules.rows import Column
from dragoman.data.rules.shown import listed

__all__ = ["at_start", "like", "literal", "matches", "whole"]

SPECIAL = frozenset("\\.+*?()|[]{}^$")


def matches(
    column: str,
    patterns: Sequence[str],
    words: str,
    *,
    made: Callable[[str], str] = str,
    every: bool = False,
    negate: bool = False,
    mostly: float = 1.0,
) -> RowRule:
    """Each text holds a match of one of the patterns, or of `every` one; with `negate` it holds none.

    `words` say so; `made` makes a pattern of what people wrote.
    """
    written = [made(pattern) for pattern in patterns]
    needed = written if every else ["|".join(f"(?:{pattern})" for pattern in written)]

    def test(one: Column) -> Mask:
        found = [mask_of(pc.match_substring_regex(one.values, pattern)) for pattern in needed]
        all_found: Mask = np.logical_and.reduce(found)
        return all_found if negate else ~all_found

    sentence = f"'{column}' {words} {listed(patterns)}"
    return RowRule("pattern", sentence, (column,), on_values(column, test), mostly)


def whole(pattern: str) -> str:
    """The pattern for texts that match it from end to end."""
    return rf"\A(?:{pattern})\z"


def at_start(pattern: str) -> str:
    """The pattern for texts that begin with a match."""
    return rf"\A(?:{pattern})"


def literal(text: str) -> str:
    """The pattern of exactly this text."""
    return "".join(f"\\{char}" if char in SPECIAL else char for char in text)


def like(text: str) -> str:
    """SQL's LIKE as a pattern: `%` is any text, `_` any character."""
    inner = "".join({"%": ".*", "_": "."}.get(char) or literal(char) for char in text)
    return rf"(?s)\A{inner}\z"
