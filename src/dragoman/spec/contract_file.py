"""`contracts/NAME.toml` read. What is wrong is refused with its place and the nearest right key."""

from __future__ import annotations

import datetime as dt
import difflib
import typing
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from dragoman.errors import InvalidSpec, NotFound
from dragoman.spec.contract_faults import refuse_contradictions
from dragoman.spec.contracts import ColumnSpec, ColumnType, ContractSpec, contract_rows
from dragoman.spec.expectation_file import read_expectations
from dragoman.spec.reference import holds_tables, section_of
from dragoman.spec.toml_file import in_toml_words, parse_toml, read_text

__all__ = ["parse_contract", "read_contract"]

T = TypeVar("T", bound=msgspec.Struct)
DOCUMENTATION = "docs/contract-keys.md lists every key with its type and default."


def read_contract(path: Path) -> ContractSpec:
    """The contract in a file; without a `name` it is called like the file.

    Raises `NotFound` for a missing file and `InvalidSpec` for everything wrong in it.
    """
    if (text := read_text(path)) is None:
        raise NotFound(f"There is no contract at {path}.", help="docs/contracts.md shows how to write one.")
    return parse_contract(text, source=str(path), name=path.stem)


def parse_contract(text: str, *, source: str = "contract", name: str = "data") -> ContractSpec:
    """Turn TOML text into a contract; `source` names it in errors, `name` where the text has no `name`.

    Raises `InvalidSpec` for everything that is wrong, contradictions included.
    """
    raw = {"name": name, **_times_as_text(parse_toml(text, source))}
    _refuse_unknown(raw, ContractSpec, source)
    for column, table in raw["columns"].items() if isinstance(raw.get("columns"), dict) else ():
        _convert(table, ColumnSpec, source, f"columns.{column}")
    contract = _convert(raw, ContractSpec, source)
    refuse_contradictions(contract, source)
    read_expectations(contract, source)
    return contract


def _times_as_text(value: Any) -> Any:
    """TOML's dates and times as ISO 8601, everything else as it is."""
    if isinstance(value, dict):
        return {key: _times_as_text(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_times_as_text(inner) for inner in value]
    return value.isoformat() if isinstance(value, (dt.date, dt.time)) else value


def _refuse_unknown(raw: dict[str, Any], kind: type[msgspec.Struct], source: str, prefix: str = "") -> None:
    """Refuse unknown keys before types are looked at: a typing error is the likelier mistake."""
    hints = typing.get_type_hints(kind)
    for key, value in raw.items():
        if key not in hints:
            raise InvalidSpec(f"{source}: unknown key '{prefix}{key}'.", help=_nearest(key, list(hints), prefix))
        if isinstance(value, dict) and (section := section_of(hints[key])) is not None:
            tables = value if holds_tables(hints[key]) else {"": value}
            for name, table in tables.items():
                if isinstance(table, dict):
                    _refuse_unknown(table, section, source, f"{prefix}{key}.{name and name + '.'}")


def _nearest(key: str, here: list[str], prefix: str) -> str:
    everywhere: dict[str, list[str]] = {}
    for row in contract_rows():
        everywhere.setdefault(row.key.rpartition(".")[2], []).append(row.key)
    if key not in everywhere and (near := difflib.get_close_matches(key, here, n=1)):
        return f"did you mean '{prefix}{near[0]}'?"
    if near := difflib.get_close_matches(key, everywhere, n=1, cutoff=0.8):
        return f"did you mean {' or '.join(repr(one) for one in everywhere[near[0]])}?"
    return f"valid keys are {', '.join(prefix + name for name in here)}."


def _convert(raw: Any, kind: type[T], source: str, prefix: str = "") -> T:
    """A table as a record. Raises `InvalidSpec` with the place; `prefix` is that of the table."""
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        _, what = in_toml_words(str(error), prefix=prefix)
        raise InvalidSpec(f"{source}: {what}.", help=_help_for(str(error))) from None


def _help_for(message: str) -> str:
    if "missing required field `columns`" in message:
        return 'Write one table for each column: [columns.text] with type = "string".'
    if "missing required field `type`" in message or message.endswith("$.type`"):
        return f"valid types are {', '.join(typing.get_args(ColumnType))}."
    if "matching regex" in message:
        return 'A name has lower-case letters, digits, "-" and "_".'
    return DOCUMENTATION
