"""Plain data as YAML: block style, one line per value, the same text for the same data.

Written here because it is short: PyYAML would be a dependency of every installation for one verb. Texts are always
quoted, as in JSON, which is YAML, or where they hold quotes in single ones, so nothing depends on the rules for plain
texts (`no`, `1e3`, `0777`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

__all__ = ["yaml_text"]

INDENT = "  "


def yaml_text(value: Mapping[str, Any], *, comment: str = "") -> str:
    """Mappings, sequences, texts, numbers and booleans as YAML, below a comment. Keys must be plain words.

    A text of several lines becomes a block; a mapping or sequence that is empty is written as in JSON.
    """
    head = [f"# {line}".rstrip() for line in comment.splitlines()]
    return "\n".join([*head, *(_mapping(value, "") if value else ["{}"])]) + "\n"


def _mapping(value: Mapping[str, Any], indent: str) -> Iterator[str]:
    for key, item in value.items():
        yield from _entry(f"{indent}{key}:", item, indent)


def _sequence(value: Sequence[Any], indent: str) -> Iterator[str]:
    for item in value:
        if isinstance(item, Mapping) and item:
            first, *rest = _mapping(item, indent + INDENT)
            yield f"{indent}- {first.lstrip()}"
            yield from rest
        else:
            yield from _entry(f"{indent}-", item, indent)


def _entry(start: str, item: Any, indent: str) -> Iterator[str]:
    if isinstance(item, Mapping) and item:
        yield start
        yield from _mapping(item, indent + INDENT)
    elif isinstance(item, list | tuple) and item:
        yield start
        yield from _sequence(item, indent + INDENT)
    elif isinstance(item, str) and _is_block(item):
        yield f"{start} |"
        yield from (f"{indent}{INDENT}{line}" for line in item.splitlines())
    else:
        yield f"{start} {_scalar(item)}"


def _is_block(text: str) -> bool:
    """Whether a text can be a block: lines of what can be printed, the first not indented, each ended."""
    lines = text.split("\n")
    is_whole = len(lines) > 2 and not lines[-1] and not lines[0][:1].isspace()
    return is_whole and all(line and line.isprintable() for line in lines[:-1])


def _scalar(item: Any) -> str:
    """As in JSON; what cannot be printed in the escapes that YAML shares with it, and 1e-05 with a point."""
    if isinstance(item, float) and "." not in repr(item):
        return json.dumps(item, allow_nan=False).replace("e", ".0e")
    if isinstance(item, str) and '"' in item and "'" not in item and item.isprintable():
        return f"'{item}'"
    written = json.dumps(item, ensure_ascii=False, allow_nan=False)
    return "".join(char if char.isprintable() else _escaped(char) for char in written)


def _escaped(char: str) -> str:
    return f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}"
