"""Telephone numbers in the spellings of a country."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from bench.redaction_texts.chance import Chance

__all__ = ["Region", "made_phone", "regions"]

FILE = Path(__file__).parent / "regions.txt"
MARKS = re.compile(r"[()./ -]+")


class Region(NamedTuple):
    country: str
    code: str
    trunk: str  # before national numbers; empty for none
    ending: str  # of e-mail addresses
    national: Sequence[tuple[str, str]]  # spelling with `X` and `N`, and the one after the calling code


@cache
def regions() -> Mapping[str, Region]:
    lines = [line for line in FILE.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return {line[:2]: _region(line) for line in lines}


def made_phone(chance: Chance, region: Region) -> tuple[str, str]:
    """A number, and how it is spelled: `international`, `grouped`, or `bare` for national digits alone."""
    national, abroad = chance.choice(region.national)
    if chance.likely(0.4):
        return _international(chance, region, abroad), "international"
    style = chance.pick({"as is": 6, "bare": 2, " ": 1, "-": 1, ".": 0.5})
    number = chance.fill(national if style == "as is" else MARKS.sub("" if style == "bare" else style, national))
    number = number.strip(" .-")
    return number, "bare" if number.isdigit() else "grouped"


def _region(line: str) -> Region:
    country, code, trunk, ending, spellings = line.split(" ", 4)
    trunk = trunk.strip("-")
    pairs = [spelling.partition("+") for spelling in spellings.split("|")]
    return Region(country, code, trunk, ending, [(one, other or _abroad(one, trunk)) for one, _, other in pairs])


def _abroad(national: str, trunk: str) -> str:
    """What follows the calling code: without the trunk prefix and brackets."""
    plain = re.sub(r" {2,}", " ", re.sub("[()/]", " ", national)).strip()
    return plain.removeprefix(trunk).lstrip(" -") if trunk else plain


def _international(chance: Chance, region: Region, abroad: str) -> str:
    number = chance.fill(abroad)
    style = chance.pick({"plain": 5, "bare": 3, "hyphens": 1, "brackets": 0.5, "00": 1, "(0)": 0.7})
    if style == "bare":
        return f"+{region.code}{MARKS.sub('', number)}"
    if style == "hyphens":
        return f"+{region.code}-{MARKS.sub('-', number)}"
    if style == "brackets":
        return f"(+{region.code}) {number}"
    if style == "00" and region.trunk != "8" and region.code not in {"1", "7", "52", "55", "57", "61", "62", "65"}:
        return f"00{region.code} {number}"
    if style == "(0)" and region.trunk == "0":
        return f"+{region.code} (0){number}"
    return f"+{region.code} {number}"
