"""Personal data replaced by keyed pseudonyms."""

from __future__ import annotations

import hmac
import unicodedata
from collections.abc import Callable, Collection, Mapping
from difflib import get_close_matches

from dragoman.errors import InvalidInput
from dragoman.text.redaction.finder import KINDS, find_personal_data
from dragoman.text.redaction.folding import fold_digits
from dragoman.text.redaction.ip import normalize_ip
from dragoman.text.redaction.mail import normalize_email
from dragoman.text.redaction.phone import normalize_phone
from dragoman.text.redaction.pseudonym import PSEUDONYM_DIGITS, write_pseudonym
from dragoman.text.redaction.url import normalize_url
from dragoman.text.redaction.window import SIGNS

__all__ = ["LEAST_KEY_BYTES", "Redactor"]

LEAST_KEY_BYTES = 16
KNOWN = frozenset(KINDS)  # a tuple of them is searched from end to end


class Redactor:
    """Replaces personal data of texts by pseudonyms of one key, such as `[EMAIL:3f9ac2d1b0e47a65]`.

    The same value has the same pseudonym under one key, however it is spelled, and another one under another key or as
    another kind. Without the key a pseudonym tells nothing; with it, a value can be looked for, not read back. Holds
    nothing that changes: threads may share it. Raises `InvalidInput` for a key under 16 bytes or an unknown kind.
    """

    def __init__(self, key: bytes, *, kinds: Collection[str] = KINDS) -> None:
        if len(key) < LEAST_KEY_BYTES:
            raise InvalidInput(
                f"A key for pseudonyms has {len(key)} bytes; at least {LEAST_KEY_BYTES} are needed.",
                help="Make one with `openssl rand -hex 32`.",
            )
        _check_kinds(kinds)
        self._key = bytes(key)
        self.kinds = frozenset(kinds)

    def redact(self, text: str) -> str:
        """The text with each piece of personal data replaced; a redacted text stays as it is."""
        parts: list[str] = []
        place = 0
        for kind, start, end in find_personal_data(text, kinds=self.kinds):
            parts += text[place:start], write_pseudonym(kind, self.pseudonym(text[start:end], kind=kind))
            place = end
        return "".join([*parts, text[place:]])

    def pseudonym(self, value: str, *, kind: str) -> str:
        """HMAC-SHA256 (RFC 2104) of a kind and a value, as `PSEUDONYM_DIGITS` hexadecimal digits.

        The value is brought to one spelling first if the kind is one of `KINDS`. Any other kind is taken as well, such
        as `subject`, with the value as it is, in normal form C.
        """
        spelled = _NORMALIZE.get(kind, _signs if kind in KNOWN else _composed)(value)
        message = f"{kind}\0{spelled}".encode("utf-8", "surrogatepass")
        return hmac.digest(self._key, message, "sha256").hex()[:PSEUDONYM_DIGITS]


def _check_kinds(kinds: Collection[str]) -> None:
    for kind in kinds:
        if kind not in KINDS:
            close = get_close_matches(kind, KINDS, n=1)
            raise InvalidInput(
                f"Personal data of the kind {kind!r} is not known.",
                help=f"Did you mean {close[0]!r}?" if close else f"Known kinds: {', '.join(KINDS)}.",
            )


def _composed(value: str) -> str:
    return unicodedata.normalize("NFC", value)


def _signs(value: str) -> str:
    """Letters, as capitals, and digits."""
    return "".join(SIGNS.findall(fold_digits(value))).upper()


def _personnummer(value: str) -> str:
    """The ten digits that the long form ends with."""
    return _signs(value)[-10:]


_NORMALIZE: Mapping[str, Callable[[str], str]] = {
    "email": normalize_email,
    "ip": normalize_ip,
    "phone": normalize_phone,
    "se_personnummer": _personnummer,
    "url": normalize_url,
}
