"""Context variables, set for a block."""

from __future__ import annotations

from contextvars import ContextVar, Token
from types import TracebackType
from typing import Generic, TypeVar

__all__ = ["set_for"]

T = TypeVar("T")


class set_for(Generic[T]):  # noqa: N801 (reads like the functions of contextlib, and costs half of them)
    """`with set_for(variable, value):` sets a context variable for the block."""

    __slots__ = ("_token", "_value", "_variable")

    def __init__(self, variable: ContextVar[T], value: T) -> None:
        self._variable, self._value = variable, value
        self._token: Token[T] | None = None

    def __enter__(self) -> None:
        self._token = self._variable.set(self._value)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._token is not None  # it was entered
        self._variable.reset(self._token)
