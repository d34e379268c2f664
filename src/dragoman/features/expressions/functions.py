"""Every function by its name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from dragoman.features.expressions.arithmetic import ARITHMETIC
from dragoman.features.expressions.clocks import CLOCKS
from dragoman.features.expressions.function import Function
from dragoman.features.expressions.logic import LOGIC
from dragoman.features.expressions.numbers import NUMBERS
from dragoman.features.expressions.texts import TEXTS

__all__ = ["FUNCTIONS"]

FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    {one.name: one for group in (ARITHMETIC, NUMBERS, LOGIC, TEXTS, CLOCKS) for one in group}
)
