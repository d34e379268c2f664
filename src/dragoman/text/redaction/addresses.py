"""E-mail addresses, URLs and IPv6 addresses: what is known by its signs, `@`, `://`, `.de/`, `::`, `www.`."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping

from dragoman.text.redaction.finding import Finding
from dragoman.text.redaction.ip import read_ipv6
from dragoman.text.redaction.mail import read_email
from dragoman.text.redaction.url import read_bare_url, read_url, read_www

__all__ = ["find_addresses"]

SEED = re.compile(r"[@:/]|[Ww]{3}\.")
Reader = Callable[[str, int, int, int], tuple[int, int] | None]
READERS: Mapping[str, tuple[str, Reader]] = {
    "@": ("email", read_email),
    "://": ("url", read_url),
    "/": ("url", read_bare_url),
    ":": ("ip", read_ipv6),
}


def find_addresses(text: str, kinds: Collection[str]) -> Iterator[Finding]:
    """Addresses of a folded text from left to right, none overlapping.

    Each sign costs a bounded look to the left and to the right, or else what it covers is skipped: linear time.
    """
    place = floor = 0
    while seed := SEED.search(text, place):
        found = _read(text, seed.start(), floor, kinds)
        if found:
            yield found
        place = found.end if found else seed.start() + 1
        floor = found.end if found else floor


def _read(text: str, seed: int, floor: int, kinds: Collection[str]) -> Finding | None:
    """What a sign, or the beginning of `www.`, is part of."""
    sign = "://" if text.startswith("://", seed) else text[seed]
    kind, reader = READERS.get(sign, ("url", read_www))
    span = reader(text, seed, floor, len(text)) if kind in kinds else None
    return Finding(kind, *span) if span else None
