"""Payment card numbers (ISO/IEC 7812): known issuers, known lengths, the Luhn check."""

from __future__ import annotations

import re

from dragoman.text.redaction.checksums import luhn

__all__ = ["CARD_SHAPES", "is_card"]

CARD_SHAPES = frozenset(
    [str(length) for length in range(13, 20)]
    + [f"4{mark}4{mark}4{mark}4" for mark in " -."]
    + [f"4{mark}4{mark}4{mark}4{mark}3" for mark in " -."]
    + [f"4{mark}6{mark}{last}" for mark in " -." for last in (4, 5)]
    + ["4 5 5", "6 13", "6 4 4 5", "8 8", "8 11"]
)
ISSUERS = re.compile(
    r"""
      4(?:\d{12}|\d{15}|\d{18})                                  # Visa
    | (?:5[1-5]\d{2}|222[1-9]|22[3-9]\d|2[3-6]\d{2}|27[01]\d|2720)\d{12}  # Mastercard
    | 3[47]\d{13}                                                # American Express
    | (?:6011|64[4-9]\d|65\d{2})\d{12,15}                        # Discover
    | 35(?:2[89]|[3-8]\d)\d{12,15}                               # JCB
    | 3(?:0[0-5]|095|[689]\d)\d{11,16}                           # Diners Club
    | (?:62|81)\d{14,17}                                         # UnionPay
    | (?:50|5[6-9]|6[0-9])\d{14}(?:\d{2,3})?                    # Maestro
    | 220[0-4]\d{12,15}                                          # Mir
    | (?:508[5-9]|60(?:69|8\d)|82\d{2}|353\d|356\d)\d{12}        # RuPay
    | 979[2-9]\d{12}                                             # Troy
    """,
    re.VERBOSE | re.ASCII,
)


def is_card(digits: str) -> bool:
    """Whether digits, without separators, are a card number."""
    return ISSUERS.fullmatch(digits) is not None and luhn(digits)
