"""Bank accounts and payment cards."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping, Sequence

from bench.redaction_texts.arithmetic import luhn_digit
from bench.redaction_texts.chance import Chance

__all__ = ["COUNTRIES", "card_body", "made_card", "made_iban", "raw_iban"]

# What follows country and check digits: n digits, a letters, c either.
COUNTRIES: Mapping[str, str] = dict(
    pair.split(":")
    for pair in """
    AD:8n12c AE:19n AT:16n AZ:4a20c BA:16n BE:12n BG:4a6n8c BR:23n1a1c BY:4c4n16c CH:5n12c CY:8n16c CZ:20n DE:18n DK:14n
    EE:16n EG:25n ES:20n FI:14n FR:10n11c2n GB:4a14n GE:2a16n GR:7n16c HR:17n HU:24n IE:4a14n IL:19n IR:22n IS:22n
    IT:1a10n12c JO:4a4n18c KZ:3n13c LT:16n LU:3n13c LV:4a13c MA:24n MD:2c18c ME:18n MK:3n10c2n MN:16n NL:4a10n NO:11n
    PK:4a16c PL:24n PT:21n RO:4a16c RS:18n RU:29n SA:2n18c SE:20n SI:15n SK:20n TR:5n1n16c UA:6n19c
    """.split()
)
ABROAD = ("DE", "GB", "FR", "NL", "AE", "CH")
PART = re.compile(r"([0-9]+)([nac])")
CARDS = (
    *(("4", 16), ("4", 16), ("4", 13), ("51", 16), ("55", 16), ("2221", 16), ("2720", 16), ("34", 15), ("37", 15)),
    *(("6011", 16), ("65", 16), ("3530", 16), ("3566", 16), ("36", 14), ("62", 16), ("62", 19), ("2200", 16)),
    *(("2204", 16), ("50", 16), ("6759", 16), ("6521", 16), ("9792", 16)),
)


def raw_iban(chance: Chance, regions: Sequence[str]) -> str:
    """A valid account of one of these countries, or of another one if they have none."""
    country = chance.choice([one for one in regions if one in COUNTRIES] or ABROAD)
    account = "".join(_signs(chance, int(length), sort) for length, sort in PART.findall(COUNTRIES[country]))
    rest = int("".join(str(int(sign, 36)) for sign in f"{account}{country}00")) % 97
    return f"{country}{98 - rest:02d}{account}"


def made_iban(chance: Chance, regions: Sequence[str]) -> str:
    value = raw_iban(chance, regions)
    style = chance.pick({"fours": 5, "bare": 4, "hyphens": 0.5, "no break": 0.5, "small": 0.5})
    gap = {"fours": " ", "hyphens": "-", "no break": "\xa0"}.get(style, "")
    written = gap.join(value[place : place + 4] for place in range(0, len(value), 4))
    return written.lower() if style == "small" else written


def card_body(chance: Chance) -> str:
    """All digits of a card but the last, the check digit."""
    issuer, length = chance.choice(CARDS)
    return issuer + chance.digits(length - 1 - len(issuer))


def made_card(chance: Chance) -> str:
    body = card_body(chance)
    return spelled_card(chance, body + luhn_digit(body))


def spelled_card(chance: Chance, value: str) -> str:
    gap = chance.pick({" ": 5, "": 4, "-": 1.5, "\xa0": 0.4, ".": 0.3, "\u2009": 0.2})
    groups = {13: (13,), 14: (4, 6, 4), 15: (4, 6, 5), 19: (4, 4, 4, 4, 3)}.get(len(value), (4, 4, 4, 4))
    places = [sum(groups[:number]) for number in range(len(groups))]
    return gap.join(value[place : place + size] for place, size in zip(places, groups, strict=True))


def _signs(chance: Chance, length: int, sort: str) -> str:
    if sort == "n":
        return chance.digits(length)
    if sort == "a":
        return chance.letters(length)
    return "".join(
        chance.choice(string.ascii_uppercase if chance.likely(0.1) else string.digits) for _ in range(length)
    )
