"""Addresses of mail, pages and machines, also in the language's own letters."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from bench.redaction_texts.chance import Chance

__all__ = ["made_email", "made_ip", "made_url"]

GENERIC = ("com", "com", "com", "net", "org", "info", "online", "shop", "app")
OWN_ENDINGS = {
    "ru": ("рф",), "bg": ("бг",), "uk": ("укр",), "sr-Cyrl": ("срб",), "mk": ("мкд",), "kk": ("қаз",), "mn": ("мон",),
    "el": ("ελ",), "ar": ("السعودية", "مصر", "امارات"), "fa": ("ایران",), "ur": ("پاکستان",), "he": ("ישראל",),
    "hi": ("भारत",), "mr": ("भारत",), "bn": ("বাংলা", "ভারত"), "gu": ("ભારત",), "pa": ("ਭਾਰਤ",), "ta": ("இந்தியா",),
    "te": ("భారత్",), "kn": ("ಭಾರತ",), "ml": ("ഭാരതം",), "si": ("ලංකා",), "zh": ("中国", "公司"), "zh-Hant": ("台灣", "香港"),
    "ko": ("한국",), "th": ("ไทย",), "lo": ("ລາວ",), "hy": ("հայ",), "ka": ("გე",), "ja": ("みんな",),
}  # fmt: skip


def made_email(chance: Chance, code: str, endings: Sequence[str], words: Sequence[str]) -> str:
    """An address; one in six in the language's own words."""
    if chance.likely(0.16):
        return f"{chance.choice(words)}{chance.choice(('', '.', '_'))}{chance.choice(words)}@{_own_host(chance, code, endings, words)}"
    sign = "\uff20" if code in {"ja", "zh", "zh-Hant"} and chance.likely(0.05) else "@"
    address = f"{_local(chance)}{sign}{_host(chance, endings)}"
    return address.capitalize() if chance.likely(0.05) else address


def made_url(chance: Chance, code: str, endings: Sequence[str], words: Sequence[str]) -> str:
    """A page; one in eight with the language's own words in host or path."""
    start = chance.pick({"https://": 5, "http://": 1, "https://www.": 2, "www.": 2, "": 3})
    host = _own_host(chance, code, endings, words) if chance.likely(0.06) else _host(chance, endings)
    port = f":{chance.randint(1024, 9999)}" if start.startswith("http") and chance.likely(0.05) else ""
    path = "/".join(_segment(chance, words) for _ in range(chance.randint(0 if start else 1, 3)))
    query = (
        f"?{chance.name()}={chance.randint(1, 99999)}&{chance.name()}={chance.name()}"
        if path and chance.likely(0.2)
        else ""
    )
    return f"{start}{host}{port}{'/' if path else ''}{path}{query}"


def made_ip(chance: Chance) -> str:
    if chance.likely(0.65):
        return ".".join(str(chance.randint(11, 250)) for _ in range(4))
    number = (0x2001 << 112) | (chance.getrandbits(16) << 96) | (chance.getrandbits(64) if chance.likely(0.8) else 1)
    address = ipaddress.IPv6Address(number | (chance.getrandbits(48) << 64 if chance.likely(0.5) else 0))
    return address.exploded if chance.likely(0.2) else str(address).upper() if chance.likely(0.1) else str(address)


def _local(chance: Chance) -> str:
    first, last = chance.name(), chance.name()
    forms = (
        f"{first}.{last}",
        f"{first}{chance.randint(1, 99)}",
        f"{first[0]}{last}",
        f"{first}_{last}",
        f"{first}-{last}",
    )
    return chance.choice((*forms, f"{first}.{last}+{chance.name()}", f"{last}{chance.randint(1950, 2005)}", first))


def _host(chance: Chance, endings: Sequence[str]) -> str:
    label = chance.choice(
        (chance.name(), f"{chance.name()}-{chance.name()}", f"mail.{chance.name()}", f"{chance.name()}24")
    )
    return f"{label}.{chance.choice((*endings, chance.choice(GENERIC)))}"


def _own_host(chance: Chance, code: str, endings: Sequence[str], words: Sequence[str]) -> str:
    label = chance.choice((chance.choice(words), f"{chance.choice(words)}-{chance.choice(words)}"))
    return f"{label}.{chance.choice((*OWN_ENDINGS.get(code, endings), chance.choice(endings)))}"


def _segment(chance: Chance, words: Sequence[str]) -> str:
    if chance.likely(0.05):
        return chance.choice(words)
    forms = (chance.name(), str(chance.randint(1, 999999)), f"{chance.name()}-{chance.name()}", f"{chance.name()}.html")
    return chance.choice(
        (
            *forms,
            f"{chance.name()}_{chance.randint(1, 99)}",
            f"@{chance.name()}",
            f"{chance.name()}({chance.randint(1, 9)})",
        )
    )
