"""What the words around a number say of it: the name of an id, a phone, or an order."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from functools import cache, cached_property

from dragoman.text.redaction.ids import RULES
from dragoman.text.redaction.words import ANY_ID, ORDER, PHONE, VERSION, words_of

__all__ = ["ANY_KIND", "Context", "Surroundings"]

LEFT, RIGHT = 40, 28  # code points that are read before and after a number
LEFT_OF_ORDER = 16  # an order's number stands next to the word
LONGEST_SHORT_WORD = 4  # "tel" is no part of "hotel" or "telling"; "telefon" is one of "telefonnummer"
ANY_KIND = "any id"
ACCENTS = re.compile("[\u0300-\u036f]")
DIGIT = re.compile(r"[0-9]")
RIGHT_EDGE = "+(ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
NO_KINDS: frozenset[str] = frozenset()


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
            nearest, end = named[-1] if named else (NO_KINDS, 0)
            beside = nearest if len(text) - end <= LEFT_OF_ORDER else NO_KINDS
            self._before[start] = NO_KINDS.union(*(kinds for kinds, _ in named)), beside
        return self._before[start]

    def after(self, end: int) -> frozenset[str]:
        """The kinds that words after a place name, up to the next digit or the limit.

        Letters that touch either are left out: they may belong to another value.
        """
        if end not in self._after:
            edge = min(self._limit, end + RIGHT)
            digit = DIGIT.search(self._text, end, min(self._limit, edge + 1))
            text = self._text[end : digit.start() if digit else edge]
            if digit or edge == self._limit < len(self._text):
                text = text.rstrip(RIGHT_EDGE)
            self._after[end] = NO_KINDS.union(*(kinds for kinds, _ in _kinds_in(_plain(text))))
        return self._after[end]


class Context:
    """What the neighbours of one number say of it, read when asked."""

    def __init__(self, surroundings: Surroundings, start: int, end: int) -> None:
        self._surroundings, self._start, self._end = surroundings, start, end

    def names_any(self, kinds: Collection[str]) -> bool:
        """Whether a word nearby names one of these kinds."""
        before = self._surroundings.before(self._start)[0]
        return not before.isdisjoint(kinds) or not self._surroundings.after(self._end).isdisjoint(kinds)

    @cached_property
    def is_order(self) -> bool:
        """Whether the nearest word before says that the number is that of an order, an invoice, an article."""
        return "order" in self._surroundings.before(self._start)[1]

    @cached_property
    def is_version(self) -> bool:
        """Whether the nearest word before says that the number is a version."""
        return "version" in self._surroundings.before(self._start)[1]


def _plain(text: str) -> str:
    """Small letters without accents, decomposed."""
    return text.casefold() if text.isascii() else ACCENTS.sub("", unicodedata.normalize("NFKD", text)).casefold()


def _kinds_in(text: str) -> Iterator[tuple[frozenset[str], int]]:
    """The kinds that each known word names, with the end of the word, in order; the longest word at each place."""
    kinds, lengths = _vocabulary()
    place = 0
    while place < len(text) - 1:
        end = place + 1
        for length in lengths.get(text[place : place + 2], ()):
            word = text[place : place + length]
            if word in kinds and _is_whole(word, text, place):
                end = place + length
                yield kinds[word], end
                break
        place = end


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
    lists = {"phone": PHONE, "order": ORDER, "version": VERSION, ANY_KIND: ANY_ID}
    for kind, words in lists.items():
        yield from ((kind, _plain(word)) for word in words_of(words))
    yield from ((rule.kind, _plain(word)) for rule in RULES for word in rule.words)
