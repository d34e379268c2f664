"""Families and scripts of languages, for languages that have too little traffic of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["FAMILIES", "SCRIPTS", "Group", "group_of", "groups"]

# Branches that share much vocabulary or grammar: close enough that a model that serves one well serves the other.
FAMILIES = {
    "Germanic": "af da de en fo fy is lb nb nl nn no sv yi",
    "Romance": "ast ca es fr gl it la oc pt ro",
    "Slavic": "be bg bs cs hr mk pl ru sh sk sl sr uk",
    "Baltic": "lt lv",
    "Celtic": "br cy ga gd",
    "Indo-Aryan": "as bn gu hi mr ne or pa sa sd si ur",
    "Iranian": "fa ku ps tg",
    "Uralic": "et fi hu",
    "Turkic": "az ba kk ky tk tr tt ug uz",
    "Semitic": "am ar he mt ti",
    "Dravidian": "kn ml ta te",
    "Austronesian": "ceb fil id jv mg ms su tl",
    "Bantu": "lg ny rw sn sw xh zu",
    "Chinese": "wuu yue zh",
    "Tai": "lo th",
    "Austroasiatic": "km vi",
}
# ISO 15924; languages that are not listed here are written in Latin letters.
SCRIPTS = {
    "Arab": "ar ckb fa ps sd ug ur",
    "Cyrl": "ba be bg kk ky mk mn ru sr tg tt uk",
    "Deva": "hi mr ne sa",
    "Beng": "as bn",
    "Ethi": "am ti",
    "Hebr": "he yi",
    "Hani": "wuu yue zh",
    "Armn": "hy",
    "Geor": "ka",
    "Grek": "el",
    "Gujr": "gu",
    "Guru": "pa",
    "Jpan": "ja",
    "Khmr": "km",
    "Knda": "kn",
    "Kore": "ko",
    "Laoo": "lo",
    "Mlym": "ml",
    "Mymr": "my",
    "Orya": "or",
    "Sinh": "si",
    "Taml": "ta",
    "Telu": "te",
    "Thai": "th",
}


class Group(NamedTuple):
    """Languages that may be judged together."""

    scope: str  # "family" or "script"
    name: str
    languages: tuple[str, ...]


def group_of(language: str, languages: Sequence[str]) -> Group | None:
    """The languages with which one may be judged: its family, else its script; None where it would be alone."""
    for scope, name_of in (("family", _family), ("script", _script)):
        name = name_of(language)
        members = tuple(other for other in languages if name and name_of(other) == name)
        if name and len(members) > 1:
            return Group(scope, name, members)
    return None


def groups(languages: Sequence[str]) -> list[Group]:
    """Every group that one of the languages may be judged with, each once, by name."""
    found = {group_of(language, languages) for language in languages}
    return sorted(group for group in found if group)


def _family(language: str) -> str | None:
    return _named(language.partition("-")[0], FAMILIES)


def _script(language: str) -> str | None:
    """The script that the code names, as in `sr-Latn`, else the usual one of the language."""
    base, *rest = language.split("-")
    written = next((part for part in rest if len(part) == 4), None)
    return (
        {"Hans": "Hani", "Hant": "Hani"}.get(written or "", written)
        or _named(base, SCRIPTS)
        or ("Latn" if base != "und" else None)
    )


def _named(base: str, table: dict[str, str]) -> str | None:
    return next((name for name, codes in table.items() if base in codes.split()), None)
