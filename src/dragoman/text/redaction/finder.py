"""Everything that is found in a text, in order."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from dragoman.text.redaction.addresses import find_addresses
from dragoman.text.redaction.finding import Finding
from dragoman.text.redaction.folding import fold_text
from dragoman.text.redaction.ids import RULES
from dragoman.text.redaction.numbers import find_numbers
from dragoman.text.redaction.pseudonym import PSEUDONYM

__all__ = ["KINDS", "find_personal_data"]

KINDS = ("email", "url", "ip", "iban", "card", "phone", *dict.fromkeys(rule.kind for rule in RULES))
ANYTHING = re.compile(r"[\d@\uff20\ufe6b/\uff0f.\uff0e]")  # without one of these there is nothing to find


def find_personal_data(text: str, *, kinds: Collection[str] = KINDS) -> list[Finding]:
    """Personal data of a text, sorted, not overlapping, the most specific kind of each.

    Addresses are found first, by their signs; then numbers, in the text between them. Pseudonyms of an earlier
    redaction are left as they are.
    """
    if not ANYTHING.search(text):
        return []
    folded = fold_text(text)
    return [Finding(kind, *folded.span(start, end)) for kind, start, end in _find(folded.text, frozenset(kinds))]


def _find(text: str, kinds: frozenset[str]) -> Iterator[Finding]:
    place = 0
    for barrier in _barriers(text, kinds):
        yield from find_numbers(text, place, barrier.start, kinds)
        if barrier.kind:
            yield barrier
        place = barrier.end
    yield from find_numbers(text, place, len(text), kinds)


def _barriers(text: str, kinds: frozenset[str]) -> list[Finding]:
    """Addresses, and pseudonyms, which have no kind here: none of their signs can be in an address."""
    pseudonyms = [Finding("", *match.span()) for match in PSEUDONYM.finditer(text)] if "[" in text else []
    return sorted([*find_addresses(text, kinds), *pseudonyms], key=lambda finding: finding.start)
