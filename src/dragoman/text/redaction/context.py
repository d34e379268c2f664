"""What the words around a number say of it: the name of an id, a phone, or an order."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from functools import cache, cached_property

from dragoman.text.redaction.characters import reversed_match
from dragoman.text.redaction.ids import RULES
from dragoman.text.redaction.words import ANY_ID, ORDER, ORDER_AFTER, PHONE, VERSION, words_of

__all__ = ["ANY_KIND", "Context", "Surroundings"]

LEFT, RIGHT = 40, 28  # code points that are read before and after a number
AHEAD = 24  # more of them, in which a word after a number may go on to another one
LEFT_OF_ORDER = 16  # an order's number stands next to the word
LONGEST_SHORT_WORD = 4  # "tel" is no part of "hotel" or "telling"; "telefon" is one of "telefonnummer"
ANY_KIND = "any id"
ACCENTS = re.compile("[\u0300-\u036f]")
COMMA = "[,;!?\n\u0589\u060c\u061b\u061f\u06d4\u0964\u104a\u104b\u1361-\u1364\u17d4\u3001\u3002\uff61]"
ENDS_CLAUSE = re.compile(rf"{COMMA}|\.(?: |$)")
# Between the word for an order and a number: another clause, or the order's number and something after it.
IS_FOLLOWED = re.compile(rf"{COMMA}|[0-9]{{3}}(?:[^0-9]*[^\W\d_]|\. )|\. ?[^\W\d_]{{4}}")
DIGITS_BEFORE = re.compile(r" [0-9]+[A-Z]{0,2}(?![0-9A-Za-z]|[-./+:,][0-9A-Za-z])")  # backwards
YEAR_OR_FOUR = re.compile(r" ([0-9]{4})(?![0-9A-Za-z]|[-./+:,][0-9A-Za-z])")  # backwards
FOUR_AFTER = re.compile(r" [0-9]{4}(?![0-9A-Za-z]|[-./+:,(\u30fc\uff08][0-9A-Za-z])")
DIGIT = re.compile(r"[0-9]")
RIGHT_EDGE = "+(ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
NO_KINDS: frozenset[str] = frozenset()

# Where a word may begin: after no letter that has capitals, or at a letter of another script.
CASED = "A-Za-z\xaa-\u024f\u0370-\u058f\u10a0-\u10ff\u1c80-\u1cbf\u1d00-\u1fff\u2c00-\u2d2f\ua640-\ua7ff\uab30-\uabbf"
FIRST_LETTER = re.compile(rf"(?<![{CASED}])[^\W\d_]|(?<=[{CASED}])[^\W\d_{CASED}]")


class Surroundings:
    """The words around places of a folded text, none below `floor` or from `limit` on; each place is read once."""

    def __init__(self, text: str, *, floor: int, limit: int) -> None:
        self._text, self._floor, self._limit = text, floor, limit
        self._before: dict[int, tuple[frozenset[str], frozenset[str]]] = {}
        self._after: dict[int, frozenset[str]] = {}

    def before(self, start: int) -> tuple[frozenset[str], frozenset[str]]:
        """The kinds that words before a place name, and those of the nearest word if it stands beside the place."""
        if start not in self._before:
            text = _plain(self._text[max(self._floor, start - LEFT) : start])
            named = list(_kinds_in(text))
            nearest, _, end = named[-1] if named else (NO_KINDS, 0, 0)
            is_beside = len(text) - end <= LEFT_OF_ORDER and not IS_FOLLOWED.search(text, end)
            beside = nearest if is_beside else NO_KINDS
            self._before[start] = NO_KINDS.union(*(kinds for kinds, _, _ in named)), beside
        return self._before[start]

    def after(self, end: int) -> frozenset[str]:
        """The kinds that words after a place name, up to the next digit or the limit.

        Letters that touch either are left out: they may belong to another value. So are words of another clause that
        goes on with it: `4711 is late, call me at …`.
        """
        if end not in self._after:
            text, goes_on = self._text_after(end)
            last = max((match.end() for match in ENDS_CLAUSE.finditer(text)), default=0) if goes_on else 0
            named = (kinds for kinds, start, _ in _kinds_in(text) if not last or start < last)
            self._after[end] = NO_KINDS.union(*named)
        return self._after[end]

    def right_after(self, end: int) -> frozenset[str]:
        """The kinds that the word right after a place names."""
        start = end + self._text.startswith(" ", end)
        if start >= self._limit or not self._text[start].isalpha():
            return NO_KINDS
        if _plain(self._text[start : start + 2])[:2] not in _vocabulary()[1]:
            return NO_KINDS
        text, _ = self._text_after(end)
        word = _word_at(text, start - end)
        return _vocabulary()[0][word] if word else NO_KINDS

    def _text_after(self, end: int) -> tuple[str, bool]:
        """What may name the value before it, and whether a digit or another value comes soon."""
        edge = min(self._limit, end + RIGHT + AHEAD)
        digit = DIGIT.search(self._text, end, edge)
        goes_on = digit is not None or edge == self._limit < len(self._text)
        text = self._text[end : min(digit.start() if digit else edge, end + RIGHT)]
        return _plain(text.rstrip(RIGHT_EDGE) if goes_on else text), goes_on

    def has_digits_before(self, start: int) -> bool:
        """Whether a word of digits alone, and a space, come right before a place."""
        if start - self._floor < 2 or self._text[start - 1] != " " or not self._text[start - 2].isalnum():
            return False
        return reversed_match(DIGITS_BEFORE, self._text, start, floor=self._floor, most=LEFT) is not None

    def is_in_fours(self, start: int) -> bool:
        """Whether four digits, no year, and a space come right before a place."""
        four = reversed_match(YEAR_OR_FOUR, self._text, start, floor=self._floor, most=8)
        return four is not None and four[1][::-1][:2] not in {"19", "20"}

    def goes_on_in_fours(self, end: int) -> bool:
        """Whether a space and four digits come right after a place."""
        return FOUR_AFTER.match(self._text, end, self._limit) is not None


class Context:
    """What the neighbours of one number say of it, read when asked."""

    def __init__(self, surroundings: Surroundings, start: int, end: int) -> None:
        self._surroundings, self._start, self._end = surroundings, start, end

    def names_any(self, kinds: Collection[str]) -> bool:
        """Whether a word nearby names one of these kinds."""
        before = self._surroundings.before(self._start)[0]
        return not before.isdisjoint(kinds) or not self._surroundings.after(self._end).isdisjoint(kinds)

    @cached_property
    def is_after_digits(self) -> bool:
        """Whether digits and a space come right before the number, so that it may be the rest of a longer one."""
        return self._surroundings.has_digits_before(self._start)

    @cached_property
    def goes_on_in_fours(self) -> bool:
        """Whether a space and four more digits come right after the number."""
        return self._surroundings.goes_on_in_fours(self._end)

    @cached_property
    def is_order(self) -> bool:
        """Whether the nearest word before, or one right after, says that the number is that of an order, an article."""
        return self._is_beside("order", "order after")

    @cached_property
    def is_version(self) -> bool:
        """Whether the nearest word before, or one right after, says that the number is a version."""
        return self._is_beside("version", "version")

    def _is_beside(self, kind: str, kind_after: str) -> bool:
        nearest = self._surroundings.before(self._start)[1]
        return kind in nearest or kind_after in self._surroundings.right_after(self._end)


def _plain(text: str) -> str:
    """Small letters without accents, decomposed."""
    return text.casefold() if text.isascii() else ACCENTS.sub("", unicodedata.normalize("NFKD", text)).casefold()


def _kinds_in(text: str) -> Iterator[tuple[frozenset[str], int, int]]:
    """The kinds that each known word names, with its start and end, in order; the longest word at each place."""
    end = 0
    for letter in FIRST_LETTER.finditer(text):
        start = letter.start()
        if start >= end and (word := _word_at(text, start)):
            end = start + len(word)
            yield _vocabulary()[0][word], start, end


def _word_at(text: str, start: int) -> str | None:
    """The longest known word that begins at a place."""
    kinds, lengths = _vocabulary()
    for length in lengths.get(text[start : start + 2], ()):
        word = text[start : start + length]
        if word in kinds and _is_whole(word, text, start):
            return word
    return None


def _is_whole(word: str, text: str, start: int) -> bool:
    """Words of scripts with capitals begin where a word begins; short ones end where it ends."""
    if not _has_case(word[:1]):
        return True
    end = start + len(word)
    goes_on = len(word) <= LONGEST_SHORT_WORD and _has_case(text[end : end + 1])
    return not goes_on and not _has_case(text[max(0, start - 1) : start])


def _has_case(char: str) -> bool:
    return char.upper() != char.lower()


@cache
def _vocabulary() -> tuple[Mapping[str, frozenset[str]], Mapping[str, list[int]]]:
    """Which kinds a word names, and how long words are that begin with two letters, the longest first."""
    kinds: dict[str, frozenset[str]] = {}
    for kind, word in _named_words():
        kinds[word] = kinds.get(word, NO_KINDS) | {kind}
    lengths: dict[str, set[int]] = defaultdict(set)
    for word in kinds:
        lengths[word[:2]].add(len(word))
    return kinds, {start: sorted(some, reverse=True) for start, some in lengths.items()}


def _named_words() -> Iterator[tuple[str, str]]:
    lists = {"phone": PHONE, "order": ORDER, "order after": ORDER_AFTER, "version": VERSION, ANY_KIND: ANY_ID}
    for kind, words in lists.items():
        yield from ((kind, _plain(word)) for word in words_of(words))
    yield from ((rule.kind, _plain(word)) for rule in RULES for word in rule.words)
