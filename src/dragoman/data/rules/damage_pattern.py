"""The pattern of mojibake: UTF-8 that was read as Latin-1 or Windows-1252.

Damage shows in what it turns each character into: a letter from `Â` to `ô`, which stands for a byte from C2 to F4, and
one to three followers, characters that stand for bytes from 80 to BF. Real texts have such pairs as well, where an
accented or capital letter meets a quote, dash or sign: “Tomáš”, AMANHÃ…, « voilà ». So a pair alone counts only if its
characters do not stand together in writing, or its neighbours show that it is within a word. Several in a row count,
as they are what texts in other scripts turn into. The sets were chosen by reading, and are tested on real spellings.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

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
ALONE: dict[str, Chars] = {"Å": frozenset("²³¹·")}  # 5 Å²: signs that may follow the letter as a unit
DASHES = frozenset("–—")


def _class(chars: Iterable[str]) -> str:
    return "[" + "".join(f"\\x{{{ord(char):X}}}" for char in sorted(chars)) + "]"


def _any_of(parts: Iterable[str]) -> str:
    return f"(?:{'|'.join(parts)})"


def _sequences(lengths: Sequence[int] = (1, 2, 3), holding: Chars = ALL) -> str:
    """Sequences with this many followers, one of them at least in `holding`."""
    parts = []
    for letter, followers in SEQUENCES:
        if len(followers) in lengths:
            for place, chars in enumerate(followers):
                classes = [*followers[:place], chars & holding, *followers[place + 1 :]]
                parts.append(letter + "".join(map(_class, classes)))
            if holding is ALL:
                parts = [*parts[: -len(followers)], parts[-1]]
    return _any_of(parts)


def _pairs(kind: Chars, *, without: dict[str, Chars] | None = None) -> str:
    """Pairs whose follower is of a kind; `without` takes some away from a letter."""
    left = {letter: (chars & kind) - (without or {}).get(letter, frozenset()) for letter, chars in PAIRS}
    return _any_of(letter + _class(chars) for letter, chars in left.items() if chars)


START = r"(?:\A|[^\p{L}\p{M}])"  # before a word
CAPITAL = r"\p{Lu}"
SMALL = r"[\p{Ll}\p{Lo}\p{Lm}\p{Lt}\p{M}]"
POSSIBLE = MARKS | SIGNS
APOSTROPHE = frozenset("’")
DASHED = {"Ä": DASHES, "Å": DASHES}  # the letters Å–Ö

DAMAGE = _any_of(
    [
        _sequences(holding=CONTROLS),
        _sequences(holding=ODD | SIGNS) + _sequences(),
        _sequences() + _sequences(holding=ODD | SIGNS),
        _sequences() * 3,
        _sequences((2, 3), ODD),
        "âœ" + _class(ALL),  # ✅ and its like
        "ðŸ" + _class(ALL) * 2,  # emoji
        _pairs(ODD | LETTERS | CONTROLS),
        SMALL + _pairs(POSSIBLE),
        START + _pairs(POSSIBLE, without=DASHED) + r"\p{L}",
        START + _pairs(DASHES) + r"\p{Ll}",
        CAPITAL + _pairs(POSSIBLE - APOSTROPHE) + r"\p{L}",
        CAPITAL + _pairs(APOSTROPHE) + r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}]",
        START + _pairs(SIGNS, without=ALONE),
        START + r"[ÂÃ]\x{A0}",
    ]
)
