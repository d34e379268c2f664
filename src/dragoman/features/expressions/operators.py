"""The operators of expressions."""

from __future__ import annotations

from typing import Any, NoReturn, Self

from dragoman.errors import InvalidSpec
from dragoman.features.expressions.constants import value_of
from dragoman.features.expressions.nodes import Call, Node
from dragoman.features.expressions.soundness import require_sound
from dragoman.features.expressions.wording import text_of

__all__ = ["Operand", "Operators", "node_of"]

Operand = Any  # an expression, or a constant: float, int, bool, str, datetime


class Operators:
    """Holds a node, and makes another one of it with each operator. Raises `InvalidSpec` where it has no meaning."""

    __slots__ = ("node",)
    __hash__ = None  # type: ignore[assignment]  # `==` makes an expression; a node can be a key

    node: Node

    def __init__(self, node: Node) -> None:
        require_sound(node)
        object.__setattr__(self, "node", node)

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise AttributeError(f"An expression cannot be changed: '{name}'.")

    def __repr__(self) -> str:
        return self.text

    @property
    def text(self) -> str:
        """The expression as text: the same for the same expression, and for no other."""
        return text_of(self.node)

    def _call(self, function: str, *operands: Operand) -> Self:
        """A function of expressions and constants."""
        return type(self)(Call(function=function, arguments=tuple(node_of(one) for one in operands)))

    # Arithmetic -----------------------------------------------------------------------------------------------------

    def __add__(self, other: Operand) -> Self:
        return self._call("add", self, other)

    def __radd__(self, other: Operand) -> Self:
        return self._call("add", other, self)

    def __sub__(self, other: Operand) -> Self:
        return self._call("subtract", self, other)

    def __rsub__(self, other: Operand) -> Self:
        return self._call("subtract", other, self)

    def __mul__(self, other: Operand) -> Self:
        return self._call("multiply", self, other)

    def __rmul__(self, other: Operand) -> Self:
        return self._call("multiply", other, self)

    def __truediv__(self, other: Operand) -> Self:
        return self._call("divide", self, other)

    def __rtruediv__(self, other: Operand) -> Self:
        return self._call("divide", other, self)

    def __floordiv__(self, other: Operand) -> Self:
        return self._call("floor_divide", self, other)

    def __rfloordiv__(self, other: Operand) -> Self:
        return self._call("floor_divide", other, self)

    def __mod__(self, other: Operand) -> Self:
        return self._call("modulo", self, other)

    def __rmod__(self, other: Operand) -> Self:
        return self._call("modulo", other, self)

    def __neg__(self) -> Self:
        return self._call("negate", self)

    def __abs__(self) -> Self:
        return self._call("abs", self)

    def __round__(self, digits: object = None) -> Self:
        if digits is not None:
            raise InvalidSpec(f"round(..., {digits}) is asked for.", help="Only integers are rounded to: round(x).")
        return self._call("round", self)

    # Comparison and logic -------------------------------------------------------------------------------------------

    def __eq__(self, other: object) -> Self:  # type: ignore[override]
        return self._call("equal", self, other)

    def __ne__(self, other: object) -> Self:  # type: ignore[override]
        return self._call("not_equal", self, other)

    def __lt__(self, other: Operand) -> Self:
        return self._call("less", self, other)

    def __le__(self, other: Operand) -> Self:
        return self._call("less_equal", self, other)

    def __gt__(self, other: Operand) -> Self:
        return self._call("greater", self, other)

    def __ge__(self, other: Operand) -> Self:
        return self._call("greater_equal", self, other)

    def __and__(self, other: Operand) -> Self:
        return self._call("and", self, other)

    def __rand__(self, other: Operand) -> Self:
        return self._call("and", other, self)

    def __or__(self, other: Operand) -> Self:
        return self._call("or", self, other)

    def __ror__(self, other: Operand) -> Self:
        return self._call("or", other, self)

    def __invert__(self) -> Self:
        return self._call("not", self)

    def __bool__(self) -> NoReturn:
        raise InvalidSpec(
            f"{self.text} is asked whether it is true, before there is any event.",
            help="Write & for 'and', | for 'or', ~ for 'not', if_else(...) for 'if', and .is_in([...]) for 'in'; "
            "put comparisons in brackets: (a > 1) & (b < 2).",
        )

    def __iter__(self) -> NoReturn:
        raise InvalidSpec(f"{self.text} is one value and cannot be gone through.", help="Use .is_in([...]) for 'in'.")


def node_of(operand: Operand) -> Node:
    """The node of an expression, or of a constant. Raises `InvalidSpec`."""
    return operand.node if isinstance(operand, Operators) else value_of(operand)
