"""One line of a JSONL file, read strictly: UTF-8, one object, no field twice."""

from __future__ import annotations

import difflib
import json
from collections.abc import Collection
from typing import Any

import msgspec

from dragoman.text.normalization import find_lone_surrogate

__all__ = ["BadLineError", "kind_of_value", "parse_object", "quoted", "read_object", "refuse_surrogates"]

SHOWN_CHARACTERS = 40
FEW = 10
LONGEST_INTEGER = 1_000  # digits
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class BadLineError(Exception):
    """What is wrong with a line; `value` is a near miss of one of `valid`. The nearest is looked for when shown."""

    def __init__(self, what: str, value: str = "", valid: Collection[str] = ()) -> None:
        self.what, self.value, self.valid = what, value, valid

    def __str__(self) -> str:
        folded = {valid.casefold(): valid for valid in self.valid}
        if near := difflib.get_close_matches(self.value[: 2 * SHOWN_CHARACTERS].casefold(), folded, n=1):
            return f'{self.what}; did you mean "{folded[near[0]]}"?'
        few = 0 < len(self.valid) <= FEW
        return f"{self.what}; valid are {', '.join(self.valid)}" if few else self.what


def parse_object(line: bytes) -> dict[str, Any]:
    """The object of a line. Raises `BadLineError` with what is wrong."""
    try:
        row = _read(_decoded(line))
    except json.JSONDecodeError as error:
        raise BadLineError(f"not JSON: {error.msg} at character {error.pos + 1}") from None
    except RecursionError:
        raise BadLineError("not JSON that can be read: too deeply nested") from None
    if not isinstance(row, dict):
        raise BadLineError(f"not a JSON object but {kind_of_value(row)}")
    return row


def read_object(line: bytes) -> dict[str, Any]:
    """The object of a line, all of whose texts can be stored. Raises `BadLineError`.

    Quick where that is safe.
    """
    if (row := _quick(line)) is not None:
        return row
    row = parse_object(line)
    for name, value in row.items():
        refuse_surrogates("a field's name", name)
        _refuse_surrogates_in(name, value)
    return row


def refuse_surrogates(name: str, value: str) -> None:
    """Raise `BadLineError` for half of a surrogate pair: no UTF-8 can hold it."""
    if (position := find_lone_surrogate(value)) >= 0:
        code = ord(value[position])
        raise BadLineError(f'"{name}" has a lone surrogate, \\u{code:04x}, at character {position + 1}')


def kind_of_value(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")


def quoted(value: str) -> str:
    """A value for a message: in quotes, on one line, not too long, and printable."""
    short = value if len(value) <= SHOWN_CHARACTERS else value[:SHOWN_CHARACTERS] + "..."
    return json.dumps(short, ensure_ascii=not short.isprintable())


def _decoded(line: bytes) -> str:
    if line.startswith(BYTE_ORDER_MARK):
        raise BadLineError("a byte order mark at the beginning; save the file as UTF-8 without one")
    if not line.strip():
        raise BadLineError("an empty line")
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        byte = line[error.start]
        raise BadLineError(f"not UTF-8: byte 0x{byte:02x} at byte {error.start + 1} of the line") from None


def _read(text: str) -> Any:
    return json.loads(text, object_pairs_hook=_refuse_twice, parse_constant=_refuse_constant, parse_int=_number)


def _number(digits: str) -> int | float:
    """Python refuses to read an integer of very many digits."""
    return int(digits) if len(digits) <= LONGEST_INTEGER else float(digits)


def _refuse_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) < len(pairs):
        names = [name for name, _ in pairs]
        raise BadLineError(f"the field {quoted(next(name for name in names if names.count(name) > 1))} twice")
    return row


def _refuse_constant(name: str) -> Any:
    raise BadLineError(f"not JSON: {name} is no number there")


def _quick(line: bytes) -> dict[str, Any] | None:
    """A flat object. Its quotes are counted: more than its fields need mean a field twice."""
    try:
        row = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if not isinstance(row, dict):
        return None
    kinds = list(map(type, row.values()))
    if dict in kinds or list in kinds:
        return None
    quotes = 2 * (len(row) + kinds.count(str))
    plain = line.replace(b"\\\\", b"").replace(b'\\"', b"") if b"\\" in line else line
    return row if plain.count(b'"') == quotes else None


def _refuse_surrogates_in(name: str, value: Any) -> None:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    if isinstance(value, str):
        refuse_surrogates(name, value)
    for key, one in inner:
        _refuse_surrogates_in(name, str(key))
        _refuse_surrogates_in(name, one)
