"""Numbers as they are written: groups of digits and letters, and runs of groups that may be one value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from dragoman.text.redaction.characters import reversed_match
from dragoman.text.redaction.ip import find_ipv4

__all__ = ["Row", "Window", "Word", "read_row", "start_of_word", "windows_at"]

# Between the signs of a number: a mark, or a bracket with or without one. The long vowel of Japanese is a hyphen here.
SIGN = r"[0-9A-Za-z]++"
WORD = re.compile(rf"[(\uff08+]{{0,2}}{SIGN}(?:(?:[-./+\u30fc]|[)\uff09][-./]?|[-./]?[(\uff08]){SIGN})*+[)\uff09]?")
SIGNS = re.compile(r"[0-9A-Za-z]+")
HAS_DIGIT = re.compile(r"[0-9]")
BEFORE_DIGIT = re.compile(r"(?:[-./]?[A-Za-z]{1,6}(?![A-Za-z]))?[(\uff08+]{0,2}")  # backwards
LETTERS = re.compile(r"[A-Za-z]+[-./]?(?=[0-9])")
AFTER_HOUR = re.compile(r":[0-9]{2}(?![0-9])")
BEFORE_MINUTE = re.compile(r":[0-9]{1,2}(?![0-9])")  # backwards
CENTS = re.compile(r",[0-9]{1,2}(?![0-9])")
ONE_SPELLING = str.maketrans({"\u30fc": "-", "\uff08": "(", "\uff09": ")"})
BRACKETED = re.compile(r"\([^()]{7,}\)")  # longer than an area code
LONGEST_WORD = 40
MOST_IN_ROW = 16  # what is longer is read in pieces that overlap
MOST_WORDS = 8  # of one value
LEAST_SIGNS, MOST_SIGNS = 7, 24


class Word(NamedTuple):
    """Signs without spaces, at least one of them a digit."""

    start: int
    end: int
    text: str
    shape: str
    signs: int


class Row(NamedTuple):
    """Words that single spaces join; a value may begin at each of the first `starts`, and next from `end` on."""

    words: Sequence[Word]
    starts: int
    end: int


class Window(NamedTuple):
    """Some words of a row, as one candidate for a value."""

    start: int
    end: int
    text: str
    shape: str
    is_cut: bool  # letters before it were left out: `BSN123456782`

    @property
    def value(self) -> str:
        """Letters, as capitals, and digits, without what separates them."""
        return "".join(SIGNS.findall(self.text)).upper()


def start_of_word(text: str, digit: int, floor: int) -> int:
    """Where the word of a digit begins, with at most six letters before it, and `+` or `(`."""
    before = reversed_match(BEFORE_DIGIT, text, digit, floor=floor, most=9)
    return digit - (before.end() if before else 0)


def read_row(text: str, start: int, floor: int, limit: int) -> Row:
    """The words from `start` on, at most `MOST_IN_ROW` of them. `floor` is where the last value ended."""
    words: list[Word] = []
    end = place = start
    while match := _match_word(text, place, limit):
        other = match.end() if len(match[0]) > LONGEST_WORD else _end_of_time_or_amount(text, match, floor, limit)
        if other:
            return Row(words, len(words), end if words else other)
        words.append(_word(match))
        end = match.end()
        if len(words) == MOST_IN_ROW:
            return Row(words, MOST_IN_ROW - MOST_WORDS, words[-MOST_WORDS].start)
        if not text.startswith(" ", end) or end + 1 >= limit:
            break
        place = end + 1
    return Row(words, len(words), end)


def windows_at(words: Sequence[Word], first: int) -> Iterator[Window]:
    """Candidates that begin with a word, the longest first, and then those without its first letters."""
    word, *others = words[first : first + MOST_WORDS]
    yield from _windows([word, *others], is_cut=False)
    if prefix := LETTERS.match(word.text):
        rest = word.text[prefix.end() :]
        cut = Word(word.start + prefix.end(), word.end, rest, _shape(rest), sum(map(str.isalnum, rest)))
        yield from _windows([cut, *others], is_cut=True)


def _windows(words: Sequence[Word], *, is_cut: bool) -> Iterator[Window]:
    sizes = list(accumulate(word.signs for word in words))
    for number in range(len(words), 0, -1):
        size = sizes[number - 1]
        if LEAST_SIGNS <= size <= MOST_SIGNS and size >= 2 * number - 1:  # single digits in a row are a list
            part = words[:number]
            text, shape = " ".join(word.text for word in part), " ".join(word.shape for word in part)
            yield Window(part[0].start, part[-1].end, text, shape, is_cut)


def _match_word(text: str, place: int, limit: int) -> re.Match[str] | None:
    """A word with a digit; an IPv4 address begins a word of its own."""
    match = WORD.match(text, place, limit)
    address = find_ipv4(match[0][:LONGEST_WORD]) if match else None
    if address and address[0]:
        match = WORD.match(text, place, place + address[0])
    return match if match and HAS_DIGIT.search(match[0]) else None


def _end_of_time_or_amount(text: str, word: re.Match[str], floor: int, limit: int) -> int | None:
    """The end if digits go on after a colon or a comma, `08:30` or `1299,00`, or began before one."""
    if rest := AFTER_HOUR.match(text, word.end(), limit) or CENTS.match(text, word.end(), limit):
        return rest.end()
    is_short = word.end() - word.start() <= 2
    before = reversed_match(BEFORE_MINUTE, text, word.start(), floor=floor, most=4) if is_short else None
    return word.end() if before else None


def _word(match: re.Match[str]) -> Word:
    """A word without a bracket that has no partner in it."""
    text = match[0] if match[0].isascii() else match[0].translate(ONE_SPELLING)
    start, end = match.span()
    if text.isalnum():
        return Word(start, end, text, str(len(text)), len(text))
    opened = text.count("(") - text.count(")")
    if text[0] == "(" and BRACKETED.fullmatch(text):
        start, end, text = start + 1, end - 1, text[1:-1]
    elif opened > 0 and text.startswith("("):
        start, text = start + 1, text[1:]
    elif opened < 0 and text.endswith(")"):
        end, text = end - 1, text[:-1]
    return Word(start, end, text, _shape(text), sum(map(str.isalnum, text)))


def _shape(text: str) -> str:
    return str(len(text)) if text.isalnum() else SIGNS.sub(lambda signs: str(len(signs[0])), text)
