"""Keys of entities as one text: the same in Python, for requests and pushed events, and in SQL, for sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dragoman.data.sql import quoted
from dragoman.errors import InvalidRequest

__all__ = ["key_sql", "key_text"]


def key_text(columns: Sequence[str], key: Any) -> str | None:
    """The text of an entity's key; None where a part is missing, which is no entity.

    `key` is the value of the one column, or a mapping of all columns. A whole number is the same as its digits. Parts
    of several columns are told apart by their lengths in bytes. Raises `InvalidRequest`.
    """
    parts = [_part(column, value) for column, value in zip(columns, _values(columns, key), strict=True)]
    if None in parts:
        return None
    texts = [part for part in parts if part is not None]
    return texts[0] if len(texts) == 1 else "".join(f"{len(text.encode())}:{text}" for text in texts)


def key_sql(columns: Sequence[str]) -> str:
    """The same in DuckDB; null where a part is missing."""
    texts = [f"CAST({quoted(column)} AS VARCHAR)" for column in columns]
    return texts[0] if len(texts) == 1 else " || ".join(f"strlen({text}) || ':' || {text}" for text in texts)


def _values(columns: Sequence[str], key: Any) -> list[Any]:
    if not isinstance(key, Mapping):
        if len(columns) == 1:
            return [key]
        raise InvalidRequest(f"The key {key!r} is one value.", help=f"Send an object with {_named(columns)}.")
    if set(key) != set(columns):
        raise InvalidRequest(f"The key has {_named(list(key))}.", help=f"Send an object with {_named(columns)}.")
    return [key[column] for column in columns]


def _part(column: str, value: Any) -> str | None:
    if value is None or isinstance(value, str):
        if value is not None and not value.isascii() and value.encode("utf-8", "replace").decode() != value:
            raise InvalidRequest(f"'{column}' of the key holds half a character.", help="Send whole Unicode texts.")
        return value
    if isinstance(value, int):
        return str(value).lower()  # true and false, as SQL has them
    raise InvalidRequest(f"'{column}' of the key is {value!r}.", help="Send a text or a whole number.")


def _named(columns: Sequence[Any]) -> str:
    return ", ".join(f"'{column}'" for column in columns) or "nothing"
