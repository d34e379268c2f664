"""What one kind of national id looks like, and what tells it from any other number."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

__all__ = ["WEAK", "Rule", "rule"]

WEAK = "~"  # before a shape: counts only beside a word that names the id


class Rule(NamedTuple):
    """One kind of national id.

    A shape is what remains of a spelling when each run of letters and digits is replaced by its length:
    `123.456.789-09` has the shape `3.3.3-2`. Those in `weak_shapes` look like any other number, and count
    beside one of `words` only.
    """

    kind: str
    pattern: re.Pattern[str]
    check: Callable[[str], bool]
    shapes: tuple[str, ...]
    weak_shapes: tuple[str, ...]
    words: tuple[str, ...]

    def accepts(self, value: str) -> bool:
        """Whether letters (capital) and digits, without separators, are such an id."""
        return self.pattern.fullmatch(value) is not None and self.check(value)


def rule(kind: str, pattern: str, check: Callable[[str], bool], shapes: Sequence[str], words: str) -> Rule:
    """A rule whose weak shapes are marked with `~`, and whose words stand between bars."""
    return Rule(
        kind,
        re.compile(pattern, re.ASCII),
        check,
        tuple(shape for shape in shapes if not shape.startswith(WEAK)),
        tuple(shape.removeprefix(WEAK) for shape in shapes if shape.startswith(WEAK)),
        tuple(words.split("|")),
    )
