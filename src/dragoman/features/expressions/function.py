"""What a function is: its name, the types that it takes and gives, how SQL says it, and how a row computes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from dragoman.features.expressions.types import Constant, Type

__all__ = ["Function", "Overload", "RowFunction", "WriteSql"]

RowFunction = Callable[..., Any]
WriteSql = Callable[[Sequence[str], Sequence[Constant]], str]  # arguments, constants


@dataclass(frozen=True)
class Overload:
    """One way to call a function.

    `sql` gets its arguments in brackets where they need them. `row` gets the constants and gives the function of the
    values; where `strict`, none of them is None, and any None makes the result None without a call.
    """

    takes: tuple[Type, ...]
    gives: Type
    sql: WriteSql
    row: Callable[[Sequence[Constant]], RowFunction]
    constants: Type | None = None  # what its constants must be
    strict: bool = True
    finite: bool = False  # the result may be infinite or no number, and is null then


@dataclass(frozen=True)
class Function:
    """A function and its overloads. The first that fits is taken; an integer fits where a number is asked for.

    `variadic`: the last argument's type may come again.
    """

    name: str
    overloads: tuple[Overload, ...]
    variadic: bool = False
    outside: bool = False  # asks for the time of asking, and so stands outside of aggregates only
