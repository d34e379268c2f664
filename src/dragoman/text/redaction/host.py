"""Host names, also international ones, and where they end."""

from __future__ import annotations

import re
from typing import NamedTuple

from dragoman.text.redaction.characters import GLUED, LATIN, OUTSIDE_WORDS
from dragoman.text.redaction.domains import GLUED_ENDINGS, is_known_ending

__all__ = ["MAX_HOST", "Host", "read_host"]

MAX_HOST = 253  # code points; RFC 1035 counts as many in the encoded form
ASCII_OUTSIDE = r"\x00-,/:-@\[-`{-\x7f"  # all but letters, digits, hyphen, dot
OUTSIDE_NAMES = rf"{ASCII_OUTSIDE}{OUTSIDE_WORDS}.\u3002\uff61"
NAMES = re.compile(rf"[^{OUTSIDE_NAMES}-][^{OUTSIDE_NAMES}]{{0,62}}+")
DOT = re.compile(r"[.\u3002\uff61]")
ASCII_ENDING = re.compile(rf"(?:[Xx][Nn]--[0-9A-Za-z-]{{2,59}}|[{LATIN}]{{2,24}})(?![{LATIN}])")
TOUCHED = re.compile(rf"[0-9A-Za-z-]+(?=[{GLUED}])")
STARTS_GLUED = re.compile(rf"[{GLUED}]")
SENTENCE_START = re.compile(r"[A-Z][a-z]+$")


class Host(NamedTuple):
    """Labels of a host with the places where they end; the last one looks like a top-level domain."""

    labels: list[str]
    ends: list[int]


def read_host(text: str, start: int, limit: int) -> Host | None:
    """The longest host name of at least two labels at `start`, or None. Reads at most `MAX_HOST` code points."""
    limit = min(limit, start + MAX_HOST)
    host = Host([], [])
    place = start
    while match := NAMES.match(text, place, limit):
        end = _cut(match, text, is_first=not host.labels)
        if _is_in_another_sentence(host, text[place - 1 : place], text[place:end]):
            break
        host.labels.append(text[place:end])
        host.ends.append(end)
        if end < match.end() or not DOT.match(text, end, limit):
            break
        place = end + 1
    return _without_wrong_endings(host)


def _is_in_another_sentence(host: Host, dot: str, label: str) -> bool:
    """An ideographic full stop after a whole host name ends a sentence, but in `example。co。jp`."""
    is_whole = len(host.labels) > 1 and is_known_ending(host.labels[-1])
    return is_whole and dot != "." and not is_known_ending(label)


def _cut(match: re.Match[str], text: str, *, is_first: bool) -> int:
    """Where a label ends that may touch a word of a script without spaces: `comまで`, `公司谢谢`."""
    if is_first:
        return match.end()
    if touched := TOUCHED.match(text, match.start(), match.end()):
        return touched.end()
    if STARTS_GLUED.match(match[0]) and (ending := GLUED_ENDINGS.match(text, match.start(), match.end())):
        return ending.end()
    return match.end()


def _without_wrong_endings(host: Host) -> Host | None:
    labels, ends = host
    while len(labels) > 1 and not _may_end(labels):
        labels.pop()
        ends.pop()
    if len(labels) < 2:
        return None
    kept = _ending_length(labels[-1])
    ends[-1] += kept - len(labels[-1])
    labels[-1] = labels[-1][:kept]
    return host


def _may_end(labels: list[str]) -> bool:
    last = labels[-1]
    if not _ending_length(last):
        return False
    starts_sentence = SENTENCE_START.match(last) and not is_known_ending(last)
    return not (starts_sentence and len(labels) > 2 and is_known_ending(labels[-2]))


def _ending_length(label: str) -> int:
    """How much of a label can be a top-level domain: ASCII letters, or letters of another script."""
    if label[0].isascii():
        match = ASCII_ENDING.match(label)
        return match.end() if match else 0
    return len(label.rstrip("-")) if len(label) > 1 else 0
