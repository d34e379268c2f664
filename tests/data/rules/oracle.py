"""Every rule of single values once more, in plain Python and one value at a time: slow, and easy to read."""

from __future__ import annotations

import math
import re
import unicodedata
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from dragoman.text.language_scripts import scripts_of_language
from dragoman.text.script import SCRIPTS, script_table

WRONG = object()  # a value that is not of the type

DATE_TIME = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2})(?::(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?(Z|[+-]\d{2}(?::?\d{2})?)?)?",
    re.ASCII,
)


def read(value: Any, type: str, nan: str = "refuse") -> Any:
    """The value as the type, None without one, `WRONG` if it is none."""
    if value is None or (nan == "null" and type in ("integer", "number") and is_nan(value)):
        return None
    if isinstance(value, bytes):
        try:
            value = value.decode()
        except UnicodeDecodeError:
            return WRONG
    return READERS[type](value)


def is_nan(value: Any) -> bool:
    return value in ("NaN", "nan") or (isinstance(value, float) and math.isnan(value))


def read_string(value: Any) -> Any:
    return value if isinstance(value, str) else WRONG


def read_integer(value: Any) -> Any:
    if isinstance(value, bool):
        return WRONG
    if isinstance(value, str):
        if not re.fullmatch(r"-?(0|[1-9][0-9]*)(\.0+)?", value):
            return WRONG
        value = int(value.partition(".")[0])
    if isinstance(value, float):
        if not math.isfinite(value) or value != math.floor(value) or abs(value) > 2**53:
            return WRONG
        value = int(value)
    return value if isinstance(value, int) and -(2**63) <= value < 2**63 else WRONG


def read_number(value: Any) -> Any:
    if isinstance(value, bool):
        return WRONG
    if isinstance(value, str):
        if not re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?", value):
            return WRONG
        value = float(value)
    if not isinstance(value, (int, float, Decimal)) or not math.isfinite(value):
        return WRONG
    return float(value) + 0.0


def read_boolean(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return bool(value) if value in (0, 1) else WRONG
    known = {"true": True, "True": True, "TRUE": True, "1": True}
    known |= {"false": False, "False": False, "FALSE": False, "0": False}
    return known.get(value, WRONG) if isinstance(value, str) else WRONG


def read_time(value: Any) -> Any:
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    match = DATE_TIME.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return WRONG
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    try:
        time = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC) - zone_of(match[8] or "Z")
    except (ValueError, OverflowError):
        return WRONG
    if second > 60 or (second == 60 and (time.hour, time.minute) != (23, 59)):
        return WRONG
    try:
        time += timedelta(microseconds=int((match[7] or "0").ljust(6, "0")[:6]), seconds=second == 60)
    except OverflowError:
        return WRONG
    return time


def zone_of(text: str) -> timedelta:
    if text == "Z":
        return timedelta()
    hours, minutes = int(text[1:3]), int(text[3:].lstrip(":") or 0)
    if hours > 23 or minutes > 59:
        raise ValueError(text)
    return timedelta(hours=hours, minutes=minutes) * (-1 if text[0] == "-" else 1)


READERS = {
    "string": read_string,
    "integer": read_integer,
    "number": read_number,
    "boolean": read_boolean,
    "time": read_time,
}

# Texts ---------------------------------------------------------------------------------------------------------------

INVISIBLE = {0xAD, 0x115F, 0x1160, 0x180E, 0x2800, 0x3164, 0xFEFF, 0xFFA0}
INVISIBLE |= {*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070)}


def is_blank(text: str) -> bool:
    return all(unicodedata.category(char)[0] == "Z" or is_control(char) or ord(char) in INVISIBLE for char in text)


def is_control(char: str) -> bool:
    return unicodedata.category(char) == "Cc"


def has_controls(text: str) -> bool:
    return any(is_control(char) and char not in "\t\n\r" for char in text)


def foreign_letters(text: str, language: str | None) -> tuple[int, int] | None:
    """Letters and marks, and those of other scripts than the language's; None where that cannot be judged."""
    own = scripts_of_language(language) if language is not None else None
    scripts = [SCRIPTS[table[min(ord(char), len(table) - 1)]] for table in [script_table()] for char in text]
    letters = [script for script in scripts if script != "Zyyy"]
    if own is None or not letters:
        return None
    return len(letters), sum(script not in own for script in letters)


# Encoding damage: see data/rules/damage_pattern.py for what the kinds of characters mean --------------------------------

SPECIAL = {
    bytes([code]).decode("cp1252"): code for code in range(0x80, 0xA0) if code not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
}
LETTERS, MARKS, SIGNS = "ŠŒŽšœžŸ", "“”‘’„‚…–—›‹«»¡¿´\u00a0\u00ad", "®™©°ªº²³¹†‡·"
PAIRS = {"Â": range(0xA0, 0xC0), "Ã": range(0x80, 0xC0), "Ä": range(0x80, 0xC0), "Å": range(0x80, 0xC0)}
PAIRS |= {"Æ": (0xA1, 0xB0, 0xAF, 0xA0), "È": range(0x98, 0x9C)}


def byte_of(char: str) -> int:
    return SPECIAL.get(char) or (ord(char) if 0x80 <= ord(char) < 0xC0 else 0)


def kind_of(char: str) -> str:
    if 0x80 <= ord(char) < 0xA0:
        return "control"
    for kind, chars in (("letter", LETTERS), ("mark", MARKS), ("sign", SIGNS)):
        if char in chars:
            return kind
    return "odd"


def sequence_at(text: str, place: int) -> str | None:
    """The followers of a sequence that begins here."""
    lead = ord(text[place])
    length = 1 if 0xC2 <= lead <= 0xDF else 2 if 0xE0 <= lead <= 0xEF else 3 if 0xF0 <= lead <= 0xF4 else 0
    followers = text[place + 1 : place + 1 + length]
    codes = [byte_of(char) for char in followers]
    if not length or len(followers) < length or not all(codes):
        return None
    low, high = {0xE0: (0xA0, 0xBF), 0xED: (0x80, 0x9F), 0xF0: (0x90, 0xBF), 0xF4: (0x80, 0x8F)}.get(lead, (0x80, 0xBF))
    return followers if low <= codes[0] <= high else None


def is_damaged(text: str) -> bool:
    return "\ufffd" in text or any(damaged_at(text, place) for place in range(len(text)))


def damaged_at(text: str, place: int) -> bool:
    if text[place : place + 2] in ("âœ", "ðŸ"):
        need = 1 if text[place] == "â" else 2
        rest = text[place + 2 : place + 2 + need]
        if len(rest) == need and all(map(byte_of, rest)):
            return True
    followers = sequence_at(text, place)
    if followers is None:
        return False
    kinds = {kind_of(char) for char in followers}
    following = place + 1 + len(followers)
    after = sequence_at(text, following) if following < len(text) else None
    if "control" in kinds or (len(followers) > 1 and "odd" in kinds):
        return True
    if after is not None:
        third = following + 1 + len(after)
        if {"odd", "sign"} & (kinds | {kind_of(char) for char in after}):
            return True
        if third < len(text) and sequence_at(text, third) is not None:
            return True
    return len(followers) == 1 and pair_is_damage(text, place)


def pair_is_damage(text: str, place: int) -> bool:
    lead, follower = text[place : place + 2]
    if lead not in PAIRS or byte_of(follower) not in PAIRS[lead]:
        return False
    kind = kind_of(follower)
    if kind in ("odd", "letter") or follower in "¡¿":
        return True
    before, after = sort_of(text[place - 1 : place]), sort_of(text[place + 2 : place + 3])
    if before == "small":
        return True
    if before == "capital":
        alone = sort_of(text[place - 2 : place - 1] if place > 1 else "") == "none"
        if alone and lead == "Ã" and follower == "¹":
            return True
        needed = {"’": "capital", "\u00a0": "small", "—": "nothing is enough"}.get(follower)
        return after != "none" if needed is None else after == needed
    if after != "none" and not (lead in "ÄÅ" and follower in "–—") and not (lead == "Å" and follower == "·"):
        return True
    if (after == "small" and follower in "–—") or (lead in "ÂÃ" and follower == "\u00a0") or lead + follower == "Â«":
        return True
    return kind == "sign" and not (lead == "Å" and follower in "²³¹·") and lead + follower != "È™"


def sort_of(char: str) -> str:
    """What a neighbour is: a capital or small Latin letter, or none."""
    code = ord(char) if char else 0
    if 0x300 <= code < 0x370:
        return "small"
    if not (0x41 <= code < 0x5B or 0x61 <= code < 0x7B or 0xC0 <= code < 0x250 or 0x1E00 <= code < 0x1F00):
        return "none"
    category = unicodedata.category(char)
    return "capital" if category == "Lu" else "small" if category in ("Ll", "Lo", "Lt") else "none"
