"""The fields of inputs that are not texts: values of columns, keys of entities, what forecasts are told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dragoman.errors import InvalidRequest
from dragoman.records import Key
from dragoman.serving.suggestion import shown
from dragoman.text.normalization import find_lone_surrogate

__all__ = ["ROW_FIELDS", "read_key"]

MOST_CHARACTERS = 1_000  # of a key, and of the name of a column
MOST_PARTS = 16  # of a key
LARGEST_WHOLE = 2**63
HOW_KEYS_LOOK = 'a key is a text, a whole number, or an object such as {"customer_id": "c-17"}.'


def read_features(index: int, value: Any) -> dict[str, Any]:
    """Values by column; whether the columns are there is checked later, by those who know them."""
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        raise _wrong("The features", index, value, 'give values by the name of the column, such as {"age": 41}.')
    return dict(value)


def read_key(index: int, value: Any) -> Key:
    """The key of an entity. Raises `InvalidRequest`."""
    if not isinstance(value, Mapping):
        return _read_part(index, value)
    if not 0 < len(value) <= MOST_PARTS or not all(isinstance(name, str) for name in value):
        raise InvalidRequest(f"The key of input {index} has {len(value)} parts.", help=HOW_KEYS_LOOK)
    return {name: _read_part(index, part) for name, part in value.items()}


def read_history(index: int, value: Any) -> list[float | None]:
    """Values of a series, the newest last; None where one is not known."""
    help = "give the last known values in order, the newest last; null for one that is not known."
    if not isinstance(value, list | tuple):
        raise _wrong("The history", index, value, help)
    for one in value:
        if isinstance(one, bool) or not isinstance(one, int | float | None):
            raise InvalidRequest(f"The history of input {index} has a value of type {type(one).__name__}.", help=help)
    return list(value)


def read_known(index: int, value: Any) -> dict[str, list[Any]]:
    """Values by column, one for each step that is told."""
    if not isinstance(value, Mapping) or not all(isinstance(one, list | tuple) for one in value.values()):
        raise _wrong("What is known ahead", index, value, "give a list of values for each column that is known ahead.")
    return {str(name): list(one) for name, one in value.items()}


ROW_FIELDS: dict[str, Callable[[int, Any], Any]] = {
    "features": read_features,
    "key": read_key,
    "history": read_history,
    "known": read_known,
}


def _read_part(index: int, value: Any) -> str | int:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise _wrong("The key", index, value, HOW_KEYS_LOOK)
    if isinstance(value, int):
        if abs(value) >= LARGEST_WHOLE:
            raise InvalidRequest(f"The key of input {index} is a number of more than 64 bits.", help=HOW_KEYS_LOOK)
        return value
    if not 0 < len(value) <= MOST_CHARACTERS:
        raise InvalidRequest(
            f"The key of input {index} has {len(value)} characters; 1 to {MOST_CHARACTERS} are accepted.",
            help=HOW_KEYS_LOOK,
        )
    if find_lone_surrogate(value) >= 0:
        raise InvalidRequest(
            f"The key of input {index}, {shown(value)}, has half of a surrogate pair.", help="decode it as UTF-8."
        )
    return value


def _wrong(what: str, index: int, value: Any, help: str) -> InvalidRequest:
    verb = "is" if what != "The features" else "are"
    return InvalidRequest(f"{what} of input {index} {verb} of type {type(value).__name__}.", help=help)
