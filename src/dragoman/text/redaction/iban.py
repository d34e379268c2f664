"""International bank account numbers (ISO 13616)."""

from __future__ import annotations

import re
from functools import cache
from string import ascii_uppercase

__all__ = ["read_iban"]

# Those of the registry, and those of countries that use the form by themselves, as Iran and much of Africa.
LENGTHS = {
    country: int(row.split()[0])
    for row in """
        15 NO
        16 BE
        18 DK FI FK FO GL NL SD
        19 MK SI
        20 AT BA EE KZ LT LU MN XK
        21 CH HR LI LV
        22 BG BH CR DE GB GE IE ME RS VA
        23 AE GI IL IQ OM SO TL
        24 AD CZ ES MD PK RO SA SE SK TN VG
        25 AO CV GW LY MZ PT ST
        26 DZ IR IS TR
        27 BI CF CG CM DJ FR GA GQ GR IT KM MC MG MR SM TD
        28 AL AZ BF BJ BY CI CY DO GT HN HU LB MA ML NE NI PL SN SV TG
        29 BR EG PS QA UA
        30 JO KW MU YE
        31 MT SC
        32 LC
        33 RU
    """.strip().splitlines()
    for country in row.split()[1:]
}
COUNTRY = re.compile(r"[A-Za-z]{2}(?=[0-9]{2})")
LETTERS_AS_NUMBERS = {ord(letter): str(int(letter, 36)) for letter in ascii_uppercase}


def read_iban(text: str, start: int, limit: int) -> int | None:
    """The end of the number at `start` of a folded text, whose groups may be set off by spaces or hyphens, or None."""
    country = COUNTRY.match(text, start, limit)
    pattern = _patterns().get(country[0].upper()) if country else None
    match = pattern.match(text, start, limit) if pattern else None
    return match.end() if match and _is_iban(match[0]) else None


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    return {
        country: re.compile(rf"[A-Za-z]{{2}}(?:[ -]?[0-9A-Za-z]){{{length - 2}}}+(?![0-9A-Za-z])")
        for country, length in LENGTHS.items()
    }


def _is_iban(value: str) -> bool:
    """ISO/IEC 7064, MOD 97-10; letters count as 10 to 35."""
    signs = value.replace(" ", "").replace("-", "").upper()
    return int((signs[4:] + signs[:4]).translate(LETTERS_AS_NUMBERS)) % 97 == 1
