"""Values made of digits: bank accounts, IPv4 addresses, cards, national ids, telephone numbers."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from dragoman.text.redaction.context import Context, Surroundings
from dragoman.text.redaction.finding import Finding
from dragoman.text.redaction.iban import read_iban
from dragoman.text.redaction.ip import find_ipv4
from dragoman.text.redaction.spaced import read_spaced_id
from dragoman.text.redaction.verdict import kind_of_number
from dragoman.text.redaction.window import Row, Word, read_row, start_of_word, windows_at

__all__ = ["find_numbers"]

# Four digits that at most three signs set apart, or two after two letters, as in a bank account: GB29 NWBK 6016.
SEED = re.compile(r"[0-9](?:(?:[^0-9\n]{0,3}[0-9]){3}|(?P<account>(?<=[A-Za-z]{2}[0-9])[0-9][ -]?[0-9A-Za-z]))")


def find_numbers(text: str, start: int, limit: int, kinds: Collection[str]) -> Iterator[Finding]:
    """Values of a folded text from left to right, none overlapping.

    What comes before a value never depends on it, nor what comes after on what was before: a text that has its values
    replaced holds no others. Each word is read a bounded number of times, each value is of bounded length: linear time.
    """
    place = floor = start
    while seed := _next_seed(text, place, floor, limit):
        first = start_of_word(text, seed.start(), floor)
        row = read_row(text, first, floor, limit)
        found = _first_value(text, first, row, floor=floor, limit=limit, kinds=kinds)
        if found:
            yield found
        place = found.end if found else max(row.end, seed.start() + 1)
        floor = found.end if found else floor


def _next_seed(text: str, place: int, floor: int, limit: int) -> re.Match[str] | None:
    seed = SEED.search(text, place, limit)
    while seed and seed["account"] and seed.start() - 2 < floor:  # its letters belong to the value before
        seed = SEED.search(text, seed.start() + 1, limit)
    return seed


def _first_value(text: str, start: int, row: Row, *, floor: int, limit: int, kinds: Collection[str]) -> Finding | None:
    if "iban" in kinds and (found := _iban_at(text, start, limit)):
        return found
    if found := read_spaced_id(text, start, floor, limit, kinds):
        return found
    surroundings = Surroundings(text, floor=floor, limit=limit)
    for first in range(row.starts):
        place = row.words[first].start
        if "iban" in kinds and (end := read_iban(text, place, limit)):
            return Finding("iban", place, end)
        if "ip" in kinds and (found := _ipv4_in(row.words[first], surroundings)):
            return found
        for window in windows_at(row.words, first):
            if kind := kind_of_number(window, surroundings, kinds):
                return Finding(kind, _with_bracket(text, window.start, window.end, floor), window.end)
    return None


def _with_bracket(text: str, start: int, end: int, floor: int) -> int:
    """The start of a number, or of the bracket that is closed in it: `(8 612) 34 567`."""
    is_closed = text.count(")", start, end) > text.count("(", start, end)
    return start - (is_closed and start > floor and text[start - 1] == "(")


def _iban_at(text: str, start: int, limit: int) -> Finding | None:
    """A bank account at the beginning of a row, in brackets or right after the word."""
    start += text.startswith(("(", "\uff08"), start)
    start += 4 * (text[start : start + 4].upper() == "IBAN")
    end = read_iban(text, start, limit)
    return Finding("iban", start, end) if end else None


def _ipv4_in(word: Word, surroundings: Surroundings) -> Finding | None:
    span = find_ipv4(word.text)
    if span is None:
        return None
    start, end = word.start + span[0], word.start + span[1]
    return None if Context(surroundings, start, end).is_version else Finding("ip", start, end)
