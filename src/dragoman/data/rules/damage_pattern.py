# ruff: noqa: RUF001, RUF003
"""The pattern of mojibake: UTF-8 that was read as Latin-1 or Windows-1252.

Damage shows in what it turns each character into: a letter from `Â` to `ô`, which stands for a byte from C2 to F4, and
one to three followers, characters that stand for bytes from 80 to BF. Real texts have such pairs as well, where an
accented or capital letter meets a quote, dash or sign: “Tomáš”, AMANHÃ…, « voilà ». So a pair alone counts only if its
characters do not stand together in writing, or its neighbours show that it is within a word. Several in a row count,
as they are what texts in other scripts turn into. The sets were chosen by reading, and are tested on real spellings.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence

__all__ = ["DAMAGE"]

Chars = frozenset[str]


def _followers(first: int, last: int) -> Chars:
    """What these bytes stand for: in Latin-1, and in Windows-1252 where that has a character there."""
    codes = range(first, last + 1)
    return frozenset(map(chr, codes)) | frozenset(bytes(codes).decode("cp1252", "ignore"))


ALL = _followers(0x80, 0xBF)
CONTROLS = frozenset(map(chr, range(0x80, 0xA0)))  # in no real text
LETTERS = frozenset("ŠŒŽšœžŸ")  # follow other letters
MARKS = frozenset("“”‘’„‚…–—›‹«»¡¿´\u00a0\u00ad")  # follow words, and capital letters that stand alone
SIGNS = frozenset("®™©°ªº²³¹†‡·")  # follow words
ODD = ALL - CONTROLS - LETTERS - MARKS - SIGNS  # follow no letter

SEQUENCES: tuple[tuple[str, tuple[Chars, ...]], ...] = (  # a first letter, and what may follow it: RFC 3629
    ("[\u00c2-\u00df]", (ALL,)),
    ("à", (_followers(0xA0, 0xBF), ALL)),
    ("[á-ìîï]", (ALL, ALL)),
    ("í", (_followers(0x80, 0x9F), ALL)),
    ("ð", (_followers(0x90, 0xBF), ALL, ALL)),
    ("[ñ-ó]", (ALL, ALL, ALL)),
    ("ô", (_followers(0x80, 0x8F), ALL, ALL)),
)
PAIRS: tuple[tuple[str, Chars], ...] = (  # of the letters of Latin scripts, and of Latin-1's signs
    ("Â", _followers(0xA0, 0xBF)),
    ("Ã", ALL),
    ("Ä", ALL),
    ("Å", ALL),
    ("Æ", frozenset("¡°¯\u00a0")),  # ơ ư Ư Ơ
    ("È", _followers(0x98, 0x9B)),  # Ș ș Ț ț
)
DASHES, APOSTROPHE, EM_DASH, OPENING = map(frozenset, ("–—", "’", "—", "¡¿"))
NO_BREAK, GUILLEMET = map(frozenset, ("\u00a0", "«"))
UNITS: dict[str, Chars] = {"Å": frozenset("²³¹·"), "È": frozenset("™")}  # 5 Å²; Italian's È


def _class(chars: Iterable[str]) -> str:
    """A class of characters, those that follow each other as ranges: the pattern is long."""
    codes = sorted(map(ord, chars))
    runs = [[code] for code in codes[:1]]
    for code in codes[1:]:
        if code == runs[-1][-1] + 1:
            runs[-1].append(code)
        else:
            runs.append([code])
    return "[" + "".join(chr(run[0]) + (f"-{chr(run[-1])}" if len(run) > 1 else "") for run in runs) + "]"


def _any_of(parts: Iterable[str]) -> str:
    return f"(?:{'|'.join(parts)})"


def _sequences(lengths: Sequence[int] = (1, 2, 3), holding: Chars = ALL) -> str:
    """Sequences with this many followers, one of them at least in `holding`."""
    return _any_of(
        letter + "".join(map(_class, one))
        for letter, followers in SEQUENCES
        if len(followers) in lengths
        for one in ([followers] if holding is ALL else _holding(followers, holding))
    )


def _holding(followers: Sequence[Chars], chars: Chars) -> Iterator[Sequence[Chars]]:
    for place, here in enumerate(followers):
        if held := here & chars:
            yield [*followers[:place], held, *followers[place + 1 :]]


def _pairs(kind: Chars, *, without: dict[str, Chars] | None = None) -> str:
    """Pairs whose follower is of a kind; `without` takes some away from a letter."""
    left = {letter: (chars & kind) - (without or {}).get(letter, frozenset()) for letter, chars in PAIRS}
    return _any_of(letter + _class(chars) for letter, chars in left.items() if chars)


LATIN = [*range(0x41, 0x5B), *range(0x61, 0x7B), *range(0xC0, 0x250), *range(0x1E00, 0x1F00)]
COMBINING = map(chr, range(0x300, 0x370))
CAPITALS = {chr(code) for code in LATIN if unicodedata.category(chr(code)) == "Lu"}
SMALLS = {char for char in map(chr, LATIN) if unicodedata.category(char) in ("Ll", "Lo", "Lt")} | set(COMBINING)
CAPITAL, SMALL, LETTER = _class(CAPITALS), _class(SMALLS), _class(CAPITALS | SMALLS)
START = rf"(?:\A|[^{LETTER[1:]})"  # before a word
POSSIBLE = MARKS | SIGNS
DASHED = {"Ä": DASHES, "Å": DASHES | frozenset("·")}  # the letters Å–Ö, 10 Å·mol

IN_A_ROW = _any_of(
    [
        _sequences(holding=CONTROLS),
        _sequences(holding=ODD | SIGNS) + _sequences(),
        _sequences() + _sequences(holding=ODD | SIGNS),
        _sequences() * 3,
        _sequences((2, 3), ODD),
        "âœ" + _class(ALL),  # ✅ and its like
        "ðŸ" + _class(ALL) * 2,  # emoji
        _pairs(ODD | LETTERS | CONTROLS | OPENING),
    ]
)
IN_PLACE = _any_of(
    [
        SMALL + _pairs(POSSIBLE),
        CAPITAL + _pairs(POSSIBLE - APOSTROPHE - EM_DASH - NO_BREAK) + LETTER,
        CAPITAL + _pairs(NO_BREAK) + SMALL,
        CAPITAL + _pairs(APOSTROPHE) + CAPITAL,
        START + _pairs(POSSIBLE, without=DASHED) + LETTER,
        START + _pairs(DASHES) + SMALL,
        START + _pairs(SIGNS, without=UNITS),
        START + CAPITAL + "Ã¹",  # Où
        START + "Ã" + _class(NO_BREAK),
        START + "Â" + _class(NO_BREAK | GUILLEMET),
    ]
)
DAMAGE = (IN_A_ROW, IN_PLACE)
