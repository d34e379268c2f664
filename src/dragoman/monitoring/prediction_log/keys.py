"""Keys of entities as the log keeps them: to be joined, not to be read."""

from __future__ import annotations

import msgspec

from dragoman.records import Key
from dragoman.text.redaction.redactor import Redactor

__all__ = ["key_pseudonym", "logged_key"]


def key_pseudonym(value: str | int, redactor: Redactor) -> str:
    """The pseudonym of one part of a key; 17 and "17" have the same.

    Who has the key of the pseudonyms finds the row of an entity by making its pseudonym anew.
    """
    return redactor.pseudonym(str(value), kind="KEY")


def logged_key(key: Key | None, redactor: Redactor) -> str:
    """A key with a pseudonym in the place of each part, as JSON, columns by name. Empty where there is no key."""
    if key is None:
        return ""
    if isinstance(key, dict):
        parts = {name: key_pseudonym(value, redactor) for name, value in sorted(key.items())}
        return msgspec.json.encode(parts).decode()
    return msgspec.json.encode(key_pseudonym(key, redactor)).decode()
