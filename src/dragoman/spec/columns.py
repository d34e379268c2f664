"""Columns looked up by name, with the nearest one in the refusal."""

from __future__ import annotations

import difflib

from dragoman.errors import InvalidSpec
from dragoman.spec.contracts import ColumnSpec, ContractSpec

__all__ = ["column_of"]


def column_of(contract: ContractSpec, name: str, place: str) -> ColumnSpec:
    """The column of a name that stands at `place` of the file. Raises `InvalidSpec` if the contract has none."""
    if (column := contract.columns.get(name)) is not None:
        return column
    names = ", ".join(contract.columns)
    near = difflib.get_close_matches(name, contract.columns, n=1)
    raise InvalidSpec(
        f"{place} names {name!r}, which is no column.",
        help=f"did you mean '{near[0]}'?" if near else f"the columns are {names}; add [columns.{name}] for it.",
    )
