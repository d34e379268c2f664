"""E-mail addresses (RFC 5321), with local parts and domains in any script (RFC 6531)."""

from __future__ import annotations

import re

from dragoman.text.redaction.characters import GLUED, LATIN, OUTSIDE_WORDS, reversed_match
from dragoman.text.redaction.folding import fold_digits
from dragoman.text.redaction.host import read_host

__all__ = ["normalize_email", "read_email"]

MAX_LOCAL = 64  # RFC 5321, 4.5.3.1.1; what is longer is read from its 64th last character on
MARKS = "%&'+._=~-"
OUTSIDE = r"\x00-$(-*,/:-<>-@\[-^`{-}\x7f" + OUTSIDE_WORDS  # all of ASCII but letters, digits and MARKS

# All of these read backwards, from the sign at.
ANY_SCRIPT = re.compile(f"[^{OUTSIDE}]+")
SPACED_SCRIPTS = re.compile(f"[^{OUTSIDE}{GLUED}]+")
LATIN_ONLY = re.compile(f"[{LATIN}0-9{re.escape(MARKS)}]+")
QUOTED = re.compile(r'"[^]"\n[]{1,62}"')  # without what a pseudonym is written with
FIRST_LETTER = re.compile(r"[^\W\d_]")
STARTS_GLUED = re.compile(f"[{GLUED}]")
STARTS_LATIN = re.compile(f"[{LATIN}]")
IDEOGRAPHIC_DOT = re.compile("[\u3002\uff61]")
IP_DOMAIN = re.compile(r"\[?(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![0-9])\]?")


def read_email(text: str, sign: int, floor: int, limit: int) -> tuple[int, int] | None:
    """The address around the sign at of a folded text, between `floor` and `limit`: its start and end."""
    length = _local_length(text, sign, floor)
    if not length:
        return None
    if match := IP_DOMAIN.match(text, sign + 1, limit):
        return sign - length, match.end()
    host = read_host(text, sign + 1, limit)
    return (sign - length, host.ends[-1]) if host else None


def normalize_email(value: str) -> str:
    """One spelling of an address: the domain in small letters; local parts may differ by case, and stay."""
    local, _, domain = fold_digits(value).rpartition("@")
    return f"{local}@{IDEOGRAPHIC_DOT.sub('.', domain).lower()}"


def _local_length(text: str, sign: int, floor: int) -> int:
    """How far the local part reaches to the left of the sign."""
    if sign == floor:
        return 0
    pattern = ANY_SCRIPT if STARTS_GLUED.match(text[sign - 1]) else QUOTED if text[sign - 1] == '"' else SPACED_SCRIPTS
    match = reversed_match(pattern, text, sign, floor=floor, most=MAX_LOCAL)
    if match and pattern is SPACED_SCRIPTS and _is_latin(match[0]):
        match = reversed_match(LATIN_ONLY, text, sign, floor=floor, most=MAX_LOCAL)
    return len(match[0].rstrip(MARKS)) if match else 0


def _is_latin(local: str) -> bool:
    """Whether the letter nearest to the sign is Latin: letters of another script before it are another word."""
    first = FIRST_LETTER.search(local)
    return bool(first and STARTS_LATIN.match(first[0]))
