"""What all TOML files of a workspace have in common: how they are read, and how what is wrong is said."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from dragoman.errors import InvalidSpec

__all__ = ["in_toml_words", "parse_toml", "read_text", "refuse_same_names", "tables_of"]


def read_text(path: Path) -> str | None:
    """The text of a file; None if there is none. Raises `InvalidSpec` for one that cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise InvalidSpec(f"{path} is not UTF-8: byte {error.start}.", help="Save the file as UTF-8.") from None
    except OSError as error:
        raise InvalidSpec(f"{path} cannot be read: {error.strerror}.", help="It must be a TOML file.") from None


def parse_toml(text: str, source: str) -> dict[str, Any]:
    """The tables of a text; `source` names it in errors. Raises `InvalidSpec`."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidSpec(f"{source} is not TOML: {error}.", help="https://toml.io shows the syntax.") from None


def tables_of(text: str, name: str, *, source: str, help: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The tables `[[name]]` of a text that holds nothing else, each with its place for messages.

    Raises `InvalidSpec`.
    """
    raw = parse_toml(text, source)
    tables = raw.pop(name, [])
    if raw or not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        strange = f"unknown key '{next(iter(raw))}'" if raw else f"'{name}' is no list of tables"
        raise InvalidSpec(f"{source}: {strange}.", help=help)
    for number, table in enumerate(tables, 1):
        yield f"{source}: {name.removesuffix('s')} {number}", table


def refuse_same_names(names: Sequence[str], what: str, source: str) -> None:
    """Raises `InvalidSpec` for a name that two tables have; `what` they are, as in "receivers"."""
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InvalidSpec(f"{source}: two {what} are called '{twice[0]}'.", help="Each needs a name of its own.")


def in_toml_words(
    message: str, *, prefix: str = "", lacks: str = "the table lacks the required key"
) -> tuple[str, str]:
    """What msgspec says of a wrong value: the key, and the words with it. `prefix` is the place of the table.

    `Expected `int`, got `str` - at `$.rows.min`` → `rows.min`, `'rows.min': expected `int`, got `str``.
    """
    what, _, where = message.partition(" - at ")
    what = what.replace("Object missing required field", lacks, 1)
    what = what.partition(" matching regex ")[0]  # the help says it in words
    what = what[:1].lower() + what[1:]
    key = f"{prefix}{where.strip('`').removeprefix('$')}".removeprefix(".")
    return key, f"'{key}': {what}" if key else what
