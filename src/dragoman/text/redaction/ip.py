"""Addresses of the Internet Protocol, versions 4 and 6."""

from __future__ import annotations

import ipaddress
import re

from dragoman.text.redaction.characters import GLUED, reversed_match
from dragoman.text.redaction.folding import fold_digits
from dragoman.text.redaction.pseudonym import PSEUDONYM

__all__ = ["find_ipv4", "normalize_ip", "read_ipv6"]

IPV4 = re.compile(r"(?<![0-9A-Za-z.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![0-9A-Za-z]|\.[0-9])")
MAX_IPV6 = 45
GLUED_LETTER = re.compile(f"[{GLUED}]")
RUN = re.compile(r"[0-9A-Fa-f:.]{2,46}")

# Read backwards: the first group, then no letter, digit or colon, unless the colon follows a word (`IP:2001:db8::1`).
FIRST_GROUP = re.compile(r"[0-9A-Fa-f]{0,4}(?=$|[^0-9A-Za-z:]|:(?![0-9A-Fa-f]{0,4}(?:[^0-9A-Za-z]|$)))")
SECOND_COLON = re.compile(r"[0-9A-Fa-f]{0,4}:")
ENDS_REPLACED = re.compile(f"{PSEUDONYM.pattern}$")
BIG_GROUP = re.compile(r"[0-9A-Fa-f]{3}|[A-Fa-f]")


def find_ipv4(word: str) -> tuple[int, int] | None:
    """The first address in a word, its start and end; a network's length (`/24`) is no part of it.

    Four numbers of one digit are those of a chapter.
    """
    if word.count(".") < 3:
        return None
    found = (match for match in IPV4.finditer(word) if len(match[0]) > 7 and _is_address(match[0]))
    return next((match.span() for match in found), None)


def read_ipv6(text: str, colon: int, floor: int, limit: int) -> tuple[int, int] | None:
    """The address whose first colon is at `colon`, if it has a digit and does not look like a time or a ratio."""
    if not SECOND_COLON.match(text, colon + 1, limit):
        return None
    first = reversed_match(FIRST_GROUP, text, colon, floor=floor, most=12)
    if first is None:
        return None
    run = RUN.match(text, colon - len(first[0]), limit)
    if run is None or len(run[0]) > MAX_IPV6 or _is_touched(text, run.start(), run.end(), limit):
        return None
    value = run[0].rstrip(".")
    value = value[:-1] if value.endswith(":") and not value.endswith("::") else value
    return (run.start(), run.start() + len(value)) if _looks_like_ipv6(value) else None


def normalize_ip(value: str) -> str:
    """The shortest spelling of an address."""
    return str(ipaddress.ip_address(fold_digits(value))) if _is_address(fold_digits(value)) else value


def _is_touched(text: str, start: int, end: int, limit: int) -> bool:
    """Whether letters go on at the end, or a value that touched it was replaced."""
    replaced_before = text.startswith("]", start - 1) and ENDS_REPLACED.search(text[max(0, start - 64) : start])
    goes_on = end < limit and text[end].isalnum() and not GLUED_LETTER.match(text[end])
    return goes_on or bool(replaced_before or PSEUDONYM.match(text, end))


def _looks_like_ipv6(value: str) -> bool:
    groups = [group for group in value.split(":") if group]
    return (
        any(map(str.isdigit, value)) and (len(groups) > 2 or any(map(BIG_GROUP.match, groups))) and _is_address(value)
    )


def _is_address(value: str) -> bool:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return True
