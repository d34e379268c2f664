"""A contract compiled: its own keys and its expectations as rules."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from dragoman.data.rules.base import RowRule, WholeRule
from dragoman.data.rules.expectations import compile_expectation
from dragoman.data.rules.native import row_rules, whole_rules
from dragoman.spec.contracts import ContractSpec
from dragoman.spec.expectation_file import read_expectations

__all__ = ["Compiled", "compile_contract"]


class Compiled(NamedTuple):
    """All rules of a contract, in its order."""

    each_row: tuple[RowRule, ...]
    all_rows: tuple[WholeRule, ...]


def compile_contract(contract: ContractSpec, *, now: datetime, folder: Path | None = None) -> Compiled:
    """The rules of a contract. Raises `InvalidSpec` where a rule could never be judged."""
    each_row, all_rows = list(row_rules(contract)), list(whole_rules(contract, now=now, folder=folder))
    for expectation in read_expectations(contract, f"contract '{contract.name}'"):
        for rule in compile_expectation(expectation, contract, folder):
            if isinstance(rule, RowRule):
                each_row.append(rule)
            else:
                all_rows.append(rule)
    return Compiled(tuple(each_row), tuple(all_rows))
