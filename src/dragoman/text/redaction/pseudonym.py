"""How a pseudonym is written in a text, so that redaction knows its own work."""

from __future__ import annotations

import re

__all__ = ["PSEUDONYM", "PSEUDONYM_DIGITS", "write_pseudonym"]

# 64 bits: among a million values of one kind some two share a pseudonym with probability 10^12 / 2^65, 1 in 37 million;
# among a hundred million, 1 in 3,700.
PSEUDONYM_DIGITS = 16
PSEUDONYM = re.compile(rf"\[[A-Z_]{{2,32}}:[0-9a-f]{{{PSEUDONYM_DIGITS}}}\]")


def write_pseudonym(kind: str, digits: str) -> str:
    """What stands in a text instead of a value."""
    return f"[{kind.upper()}:{digits}]"
