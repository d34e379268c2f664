"""National ids in groups of which the first ones are letters alone: `AB 12 34 56 C`, `RSS MRA 85T10 A562S`."""

from __future__ import annotations

import re
from collections.abc import Collection

from dragoman.text.redaction.characters import reversed_match
from dragoman.text.redaction.finding import Finding
from dragoman.text.redaction.ids import RULES

__all__ = ["read_spaced_id"]

# For each kind its letters before the first digit, read backwards, and the whole. Capitals only: not `on 12 34 56 a`.
FORMS = {
    "gb_nino": (r"[A-Z]{2}", r"[A-Z]{2} [0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D]"),
    "it_codice_fiscale": (r"[A-Z]{3} [A-Z]{3}", r"[A-Z]{3} [A-Z]{3} [0-9A-Z]{5} [0-9A-Z]{5}"),
}
LETTERS_BEGIN = r"(?![0-9A-Za-z./+)\uff09\u30fc-]|[(\uff08][0-9A-Za-z])"  # backwards: they are no part of another word
PATTERNS = [
    (rule, re.compile(f" {before}{LETTERS_BEGIN}"), re.compile(f"{whole}(?![A-Za-z])"))
    for rule in RULES
    for before, whole in [FORMS.get(rule.kind, ("", ""))]
    if whole
]


def read_spaced_id(text: str, start: int, floor: int, limit: int, kinds: Collection[str]) -> Finding | None:
    """The id whose first group with a digit begins at `start` of a folded text, and whose letters are above `floor`."""
    for rule, before, whole in PATTERNS:
        letters = reversed_match(before, text, start, floor=floor, most=11) if rule.kind in kinds else None
        match = whole.match(text, start - letters.end(), limit) if letters else None
        if match and rule.accepts(match[0].replace(" ", "")):
            return Finding(rule.kind, *match.span())
    return None
