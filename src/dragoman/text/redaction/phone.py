"""Telephone numbers: international ones, and national ones in the groupings that they are written in."""

from __future__ import annotations

import re
from typing import Literal

from dragoman.text.redaction.calling_codes import is_international_number
from dragoman.text.redaction.folding import fold_digits

__all__ = ["Grouping", "normalize_phone", "phone_grouping"]

Grouping = Literal["international", "national", "any"]

TRUNK = re.compile(r"\(0\)")
LONG = ("+", "(+", "00", "(00")
MOST_DIGITS = 17  # E.164 allows 15; two more for 00
INTERNATIONAL = re.compile(r"\(?(?:\+|00)[ ]?[(0-9][0-9() ./-]*[0-9]{2}")

# Groupings that say "telephone" by themselves.
NATIONAL = re.compile(
    r"""
      0\d (?:[ .-]\d\d){4}                                       # 06 12 34 56 78
    | 0\d{1,5} (?:[ /-]\d{2,9} | \.\d{3,9}) (?:[ -]\d{2,5} | \.\d{2,5}){0,3}  # 030 1234-567
    | 0\d\d ([ .-])\d \1\d\d (?:\1\d\d){2}                        # 032 2 12 34 56
    | 06 ([ .-])1 \2\d{3} \2\d{4}                                 # 06 1 234 5678
    | 0 (?: [ ]?\(\d{2,4}\)[ ]? | [ ]\d{3}[ ]) \d{2,4} (?:[ -]\d{2,4}){1,2}              # 0 (212) 345 67 89
    | \(0?\d{2,4}\) [ ./-]? \d{2,8} (?:[ ./-]\d{2,5}){0,3}       # (030) 123 456
    | \(\d\)[ ]\d{4}[ -]\d{4}                                     # (2) 2345 6789
    | (?:1[ .-])? (?:\([2-9]\d\d\)[ ]?|[2-9]\d\d[ .-]) [2-9]\d\d[ .-]\d{4}           # 555-234-5678
    | [6-9]\d\d[ ]\d{3}[ ]\d{4}                                   # 987 123 4567
    | (?:[78][ -]?)? \(?[3-9]\d\d\)?[ -]?\d{3}-\d\d-\d\d             # 8 (912) 345-67-89
    | [78] ([ .-])\d{3} \3\d{3} (?:\3\d\d){2}                     # 8 912 345 67 89
    | 8[ -]?[3-7]\d\d?[ -]\d\d[ -]?\d{3}             # 8 612 34567
    | 8 ([ -])5 \4 2\d\d \4\d{4}                                  # 8 5 212 3456
    | [1-9]\d{1,2} ([ .-])\d{3} (?:\5\d\d){2}                      # 22 123 45 67, 310 123 45 67
    | [3-9]\d\d ([ .-])\d\d \6\d\d \6\d{3}                         # 328 12 34 567
    | [6-9]\d{4} [ .-] \d{5}                                       # 98765 43210
    | 9[678]\d\d [ -] \d{6}                                        # 9841 234567
    | 69\d [ -] \d{7}                                             # 694 1234567
    | [1-9]\d ([ .-])9\d{4} \7\d{4}                                # 11 91234 5678
    | 1[3-9]\d[ -]\d{4}[ -]\d{4}                                 # 138 1234 5678
    | \(?[1-9]\d\)?[ ]9?\d{4}-\d{4}                              # 11 91234-5678
    | [5-9]\d\d(?:[ ]\d\d){3}                                    # 612 34 56 78
    """,
    re.VERBOSE | re.ASCII,
)
SHORT_NATIONAL = re.compile(r"[49]\d\d([ -])\d\d\1\d{3}|0[2-9]([ -])\d{3}\2\d{3}", re.ASCII)  # 912 34 567, 09 123 456
# A date, after which more may follow, such as a time; a postal code of the United States; the number of an order.
NOT_EVEN = re.compile(
    r"\d{1,2}([ ./-])\d{1,2}\1(?:19|20)\d\d(?!\d)|\d{5}-\d{4}$"
    r"|(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])\d\d[ -]\d{4,5}$"
    r"|0\d-\d{5}-\d{5}$|(?:19|20)\d\d[-/]\d{5,}$",
    re.ASCII,
)
SHORT, LEAST_NATIONAL, MOST_NATIONAL = 8, 9, 13

# Any grouping will do beside a word for telephones, but for dates, hours, postal codes, decimals, and thousands set off
# by dots.
BESIDE = re.compile(r"\(?\d{1,12}\)?(?:[ ./-]{1,2}\d{2,9}){0,6}", re.ASCII)
OTHERWISE = re.compile(
    r"""
      (?:0?[1-9]|[12]\d|3[01])[ ./-](?:0?[1-9]|1[0-2])[ ./-](?:19|20)\d\d
    | (?:0?[1-9]|1[0-2])[ ./-](?:0?[1-9]|[12]\d|3[01])[ ./-](?:19|20)\d\d
    | (?:19|20)\d\d[ ./-](?:0?[1-9]|1[0-2])[ ./-](?:0?[1-9]|[12]\d|3[01])
    | (?:1\d|20)\d\d[ ./-](?:1\d|20)\d\d
    | (?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])(?:19|20)\d\d | (?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])
    | \d{1,2}\.\d\d-\d{1,2}\.\d\d | \d{5}-\d{4}
    | \d{1,2}(?:\.\d{3}){1,3} | \d{3}(?:\.\d{3}){3}
    | (?!\d{3}\.\d{4}$|\d{4,5}\.\d{4,6}$|0\d+\.\d{5,}$)\d+\.\d+ | (?:19|20)\d\d[/-]\d{5,}
    | [1-9]\d{0,2}(?:[ ]\d{3})*[ ]000
    """,
    re.VERBOSE | re.ASCII,
)
LEAST_BESIDE, MOST_BESIDE = 7, 13


def phone_grouping(value: str, digits: str) -> Grouping | None:
    """How the digits of a folded value are grouped: as a telephone number's, in a way that it may be too, or not so."""
    if len(digits) > MOST_DIGITS:
        return None
    if value.startswith(LONG) and INTERNATIONAL.fullmatch(value) and is_international_number(_without_trunk(value)):
        return "international"
    if LEAST_NATIONAL <= len(digits) <= MOST_NATIONAL and NATIONAL.fullmatch(value) and not NOT_EVEN.match(value):
        return "national"
    if len(digits) == SHORT and SHORT_NATIONAL.fullmatch(value):
        return "national"
    fits = LEAST_BESIDE <= len(digits) <= MOST_BESIDE and BESIDE.fullmatch(value) and not OTHERWISE.fullmatch(value)
    return "any" if fits else None


def normalize_phone(value: str) -> str:
    """Digits only, after a `+` if they begin with a calling code; `+49 (0)30` and `0049 30` are the same."""
    folded = fold_digits(value)
    return f"+{_without_trunk(folded)}" if folded.startswith(LONG) else _digits(folded)


def _without_trunk(value: str) -> str:
    """Calling code and number, without what comes before them: `(0049) (0)30` → `4930`."""
    digits = _digits(TRUNK.sub("", value))
    return digits if "+" in value else digits[2:]


def _digits(value: str) -> str:
    return "".join(filter(str.isdigit, value))
