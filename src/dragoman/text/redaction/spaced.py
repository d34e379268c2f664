"""National ids of which some groups are letters alone: `AB 12 34 56 C`, `RSS MRA 85T10 A562S`, `12345678 Z`."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from dragoman.text.redaction.characters import reversed_match
from dragoman.text.redaction.finding import Finding
from dragoman.text.redaction.ids import RULES
from dragoman.text.redaction.rule import Rule

__all__ = ["read_spaced_id"]

# For each kind its letters before the first digit, read backwards, and the whole. Capitals only: not `on 12 34 56 a`.
LETTERS_FIRST = {
    "es_nie": (r"[XYZ]", r"[XYZ] [0-9]{7} ?[A-Z]"),
    "gb_nino": (r"[A-Z]{2}", r"[A-Z]{2} [0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D]"),
    "it_codice_fiscale": (r"[A-Z]{3} [A-Z]{3}", r"[A-Z]{3} [A-Z]{3} [0-9A-Z]{5} [0-9A-Z]{5}"),
}
DIGITS_FIRST = {
    "de_pension_number": ("", r"[0-9]{2} [0-9]{6} [A-Z] [0-9]{3}"),
    "es_dni": ("", r"[0-9]{8} [A-Z]"),
}
LETTERS_BEGIN = r"(?![0-9A-Za-z./+)\uff09\u30fc-]|[(\uff08][0-9A-Za-z])"  # backwards: they are no part of another word
Pattern = tuple[Rule, re.Pattern[str], re.Pattern[str]]


def _patterns(forms: Mapping[str, tuple[str, str]]) -> Sequence[Pattern]:
    rules = {rule.kind: rule for rule in RULES}
    return [
        (rules[kind], re.compile(f" {before}{LETTERS_BEGIN}" if before else ""), re.compile(f"{whole}(?![0-9A-Za-z])"))
        for kind, (before, whole) in forms.items()
    ]


AFTER_LETTERS, AT_DIGITS = _patterns(LETTERS_FIRST), _patterns(DIGITS_FIRST)
ANY_AT_DIGITS = re.compile("|".join(whole for _, whole in DIGITS_FIRST.values()))


def read_spaced_id(text: str, start: int, floor: int, limit: int, kinds: Collection[str]) -> Finding | None:
    """The id whose first group with a digit begins at `start` of a folded text, and whose letters are above `floor`."""
    is_after_letter = start - floor > 1 and text[start - 1] == " " and "A" <= text[start - 2] <= "Z"
    patterns = AFTER_LETTERS if is_after_letter else ()
    for rule, before, whole in (*patterns, *AT_DIGITS) if ANY_AT_DIGITS.match(text, start, limit) else patterns:
        letters = reversed_match(before, text, start, floor=floor, most=11) if rule.kind in kinds else None
        match = whole.match(text, start - letters.end(), limit) if letters else None
        if match and rule.accepts(match[0].replace(" ", "")):
            return Finding(rule.kind, *match.span())
    return None
