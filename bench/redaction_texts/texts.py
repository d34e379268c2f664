"""Texts as customers write them, with the places of what is personal in them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from bench.redaction_texts.accounts import made_card, made_iban
from bench.redaction_texts.addresses import made_email, made_ip, made_url
from bench.redaction_texts.chance import Chance
from bench.redaction_texts.ids import made_id
from bench.redaction_texts.language import Language
from bench.redaction_texts.others import made_slot
from bench.redaction_texts.phones import made_phone, regions

__all__ = ["Text", "Value", "made_texts"]

SLOT = re.compile(r"\{([a-z]*)\}")
PERSONAL = {"email": 1.0, "url": 1.0, "ip": 1.0, "iban": 1.0, "card": 1.0, "phone": 2.0, "id": 2.0}
WIDE_ZERO = "\uff10"
WIDE = {ord("-"): "\uff0d", ord("+"): "\uff0b", ord("("): "\uff08", ord(")"): "\uff09", ord(" "): "\u3000"}
ENDINGS_OF_SENTENCES = ".!?\u061f\u104b\uff01\uff1f\u3002\u0964\u06d4\u17d4\u1362\u0589"


class Value(NamedTuple):
    """A piece of personal data: `text[start:end]`."""

    kind: str
    start: int
    end: int
    spelling: str  # of a telephone number, or `own digits` for those of the script; empty for the usual one
    is_named: bool  # a sentence about it is around it, rather than one that fits anything


class Text(NamedTuple):
    text: str
    values: list[Value]


class Maker:
    """Makes texts in one language."""

    def __init__(self, language: Language, half: str, seed: int) -> None:
        self.language = language
        self.half = language.halves[half]
        self.words = language.words(half)
        self.regions = [regions()[code] for code in language.regions]
        self.endings = [region.ending for region in self.regions]
        self.chance = Chance(f"{seed} {half} {language.code}")

    def personal(self) -> Text:
        """One sentence with a value, often with others around it."""
        around = [self._sentence("no") if self.chance.likely(share) else None for share in (0.35, 0.2)]
        kinds = PERSONAL if self.half.names else {kind: share for kind, share in PERSONAL.items() if kind != "id"}
        return self._joined([around[0], self._sentence(self.chance.pick(kinds)), around[1]])

    def other(self) -> Text:
        """One or two sentences without any."""
        return self._joined([self._sentence("no"), self._sentence("no") if self.chance.likely(0.3) else None])

    def _joined(self, sentences: list[Text | None]) -> Text:
        """Sentences in one text; now and then in small letters, decomposed, or without the last full stop."""
        gap = self.chance.pick({"" if self.language.zero == WIDE_ZERO else " ": 5, "\n": 1})
        is_small, is_decomposed = self.chance.likely(0.15), self.chance.likely(0.05)
        whole, values = "", []
        for sentence in filter(None, sentences):
            if whole:
                whole += gap if whole.endswith(tuple(ENDINGS_OF_SENTENCES)) else "\n"
            for part, value in pieces(sentence):
                shown = part.lower() if is_small and value is None else part
                shown = unicodedata.normalize("NFD", shown) if is_decomposed else shown
                if value:
                    values.append(value._replace(start=len(whole), end=len(whole) + len(shown)))
                whole += shown
        if whole.endswith(tuple(ENDINGS_OF_SENTENCES)) and self.chance.likely(0.2):
            whole = whole[:-1].rstrip()
        return Text(whole, values)

    def _sentence(self, kind: str) -> Text:
        is_named = not self.chance.likely(0.2)
        frame = self.chance.choice(self.half.sentences[kind if kind == "no" or is_named else "any"])
        has_own_digits = bool(self.language.zero) and self.chance.likely(0.3)
        id_kind = self.chance.choice(list(self.half.names)) if kind == "id" else ""
        whole, values, place = "", [], 0
        for slot in SLOT.finditer(frame):
            whole += frame[place : slot.start()]
            content, spelling = self._content(slot[1], kind, id_kind)
            content = self._in_own_digits(content) if has_own_digits and kind not in {"email", "url", "ip"} else content
            if not slot[1]:
                spelling = spelling or (
                    "own digits" if has_own_digits and has_digits_of(content, self.language.zero) else ""
                )
                values.append(Value(id_kind or kind, len(whole), len(whole) + len(content), spelling, is_named))
            whole += content
            place = slot.end()
        return Text(whole + frame[place:], values)

    def _content(self, slot: str, kind: str, id_kind: str) -> tuple[str, str]:
        """What stands in a slot, and its spelling."""
        if not slot:
            return self._value(kind, id_kind)
        if slot == "name":
            return self.chance.choice(self.half.names[id_kind]), ""
        countries = self.language.regions
        kinds = list(self.half.names)
        return made_slot(self.chance, slot, code=self.language.code, kinds=kinds, regions=countries), ""

    def _value(self, kind: str, id_kind: str) -> tuple[str, str]:
        if kind == "phone":
            return made_phone(self.chance, self.chance.choice(self.regions))
        if kind == "id":
            return made_id(self.chance, id_kind), ""
        if kind == "email":
            return made_email(self.chance, self.language.code, self.endings, self.words), ""
        if kind == "url":
            return made_url(self.chance, self.language.code, self.endings, self.words), ""
        if kind == "iban":
            return made_iban(self.chance, self.language.regions), ""
        return (made_card(self.chance) if kind == "card" else made_ip(self.chance)), ""

    def _in_own_digits(self, value: str) -> str:
        """The value in digits of the script; in full-width ones with marks as wide, half of the time."""
        zero = ord(self.language.zero)
        digits = "".join(chr(zero + int(sign)) if sign in "0123456789" else sign for sign in value)
        return digits.translate(WIDE) if self.language.zero == WIDE_ZERO and self.chance.likely(0.5) else digits


def has_digits_of(value: str, zero: str) -> bool:
    return any(0 <= ord(sign) - ord(zero) < 10 for sign in value)


def pieces(text: Text) -> Iterator[tuple[str, Value | None]]:
    """A text cut where values begin and end."""
    place = 0
    for value in text.values:
        yield text.text[place : value.start], None
        yield text.text[value.start : value.end], value
        place = value.end
    yield text.text[place:], None


def made_texts(language: Language, half: str, *, seed: int, personal: int, other: int) -> Iterator[Text]:
    """So many texts with personal data, and so many without, always the same ones."""
    maker = Maker(language, half, seed)
    yield from (maker.personal() for _ in range(personal))
    yield from (maker.other() for _ in range(other))
