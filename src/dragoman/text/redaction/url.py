"""URLs: with a scheme, beginning with `www.`, or a host with a known ending and a path."""

from __future__ import annotations

import re

from dragoman.text.redaction.characters import GLUED, OUTSIDE_WORDS, reversed_match
from dragoman.text.redaction.domains import is_known_ending
from dragoman.text.redaction.folding import fold_digits
from dragoman.text.redaction.host import MAX_HOST, read_host

__all__ = ["normalize_url", "read_bare_url", "read_url", "read_www"]

MAX_SCHEME, MAX_LABEL = 16, 63
OUTSIDE = r'\x00- "<>\[-^`{-}\x7f' + OUTSIDE_WORDS

# A letter of a script without spaces belongs to a path (`/wiki/北京`), but not right after ASCII (`/a谢谢`).
BODY = re.compile(rf"(?:[^{OUTSIDE}{GLUED}]++|(?<![0-9A-Za-z)])[{GLUED}]++)*+")
AUTHORITY = re.compile(r"\[[0-9A-Fa-f:.]{2,45}\]|[%._~!$&'()*+,;=:@-]*+[^\W_]")
SCHEME = re.compile(r"[0-9A-Za-z+.-]{0,15}")
KNOWN_SCHEME = re.compile(r"(?:https?|s?ftps?|wss?|ssh|git|file|smb|rtsp)$", re.IGNORECASE)
ENDING = re.compile(rf"(?:[0-9]{{1,5}}:)?([^\x00-@\[-`{{-\x7f{OUTSIDE_WORDS}]{{2,24}})\.")  # backwards
BARE_HOST = re.compile(rf"[^\x00-,/:-@\[-`{{-\x7f{OUTSIDE_WORDS}{GLUED}]+")
GLUED_LABEL = re.compile(rf"[{GLUED}-]+")  # backwards
CLOSING = ".,;:!?'*_~"


def read_url(text: str, sign: int, floor: int, limit: int) -> tuple[int, int] | None:
    """The URL whose `://` is at `sign` of a folded text, between `floor` and `limit`: its start and end."""
    scheme = _scheme_length(text, sign, floor)
    authority = AUTHORITY.match(text, sign + 3, min(limit, sign + 3 + MAX_HOST))
    if not scheme or not authority:
        return None
    return sign - scheme, _body_end(text, authority.end(), limit)


def read_www(text: str, start: int, floor: int, limit: int) -> tuple[int, int] | None:
    """The URL without a scheme whose `www.` is at `start`."""
    if start > floor and text[start - 1].isascii() and (text[start - 1].isalpha() or text[start - 1] in "._-@"):
        return None
    host = read_host(text, start, limit)
    if not host or len(host.labels) < 3:
        return None
    end = host.ends[-1]
    return start, _body_end(text, end, limit) if text[end : end + 1] in tuple("/:?#") else end


def read_bare_url(text: str, slash: int, floor: int, limit: int) -> tuple[int, int] | None:
    """The URL without a scheme whose host, with a known ending, comes before its first slash."""
    ending = reversed_match(ENDING, text, slash, floor=floor, most=32)
    if ending is None or not is_known_ending(ending[1][::-1]):
        return None
    dot = slash - ending.end()
    start = _start_of_host(text, dot, floor)
    before = text[start - 1] if start > floor else " "
    if before in "]@/\\_" or not any(map(str.isalpha, text[start:dot])):
        return None
    return start, _body_end(text, slash, limit)


def _start_of_host(text: str, dot: int, floor: int) -> int:
    """Where the names before the last dot begin; one of a script without spaces may touch the word before it."""
    match = reversed_match(BARE_HOST, text, dot, floor=floor, most=MAX_HOST)
    names = match[0] if match else ""
    start = dot - len(names)
    glued = reversed_match(GLUED_LABEL, text, start, floor=floor, most=MAX_LABEL) if names[-1:] in {"", "."} else None
    return start - glued.end() if glued else dot - len(names.rstrip(".-"))


def normalize_url(value: str) -> str:
    """One spelling of a URL: scheme and host in small letters."""
    folded = fold_digits(value)
    scheme, mark, rest = folded.partition("://") if "://" in folded else ("", "", folded)
    authority, slash, path = rest.partition("/")
    user, at, host = authority.rpartition("@")
    return f"{scheme.lower()}{mark}{user}{at}{host.lower()}{slash}{path}"


def _scheme_length(text: str, sign: int, floor: int) -> int:
    match = reversed_match(SCHEME, text, sign, floor=floor, most=MAX_SCHEME)
    letters = match[0][::-1].lstrip("0123456789+.-") if match else ""
    known = KNOWN_SCHEME.search(letters)
    return len(known[0]) if known else len(letters)


def _body_end(text: str, start: int, limit: int) -> int:
    """The end of everything that may follow a host, without the punctuation of the sentence around it."""
    match = BODY.match(text, start, limit)
    end = match.end() if match else start
    surplus = text.count(")", start, end) - text.count("(", start, end)
    while end > start and (text[end - 1] in CLOSING or (text[end - 1] == ")" and surplus > 0)):
        surplus -= text[end - 1] == ")"
        end -= 1
    return end
