"""Aggregates of some events, that add up to the aggregate of all: the same in any order and in any parts.

Each holds a plain state for MessagePack. Sums are exact, and rounded once, when they are asked for.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, Self

from dragoman.features.expressions.arithmetic import within
from dragoman.features.expressions.exact import ZERO, Exact, std_of
from dragoman.features.expressions.nodes import Aggregate, Kind
from dragoman.features.expressions.typed import aggregate_type
from dragoman.features.expressions.types import Type

__all__ = ["Partial", "Place", "partial_of"]

Place = tuple[int, int, int]  # time, available, row: the later is the larger


class Partial(ABC):
    """The aggregate of the values added so far, which are those of `row_aggregate`; None is left out."""

    __slots__ = ()

    @abstractmethod
    def add(self, value: Any, at: Place) -> None:
        """Take the value of one event; `at` is its place in time."""

    @abstractmethod
    def merge(self, other: Self) -> None:
        """Take what the other one has taken; it stays as it is."""

    @abstractmethod
    def finish(self) -> Any:
        """The aggregate's value: int, float, bool, str, or None where there is none."""

    @abstractmethod
    def to_state(self) -> Any:
        """What it holds as None, int, float, str, bytes, bool, or a list of these."""

    @abstractmethod
    def read(self, state: Any) -> None:
        """Hold what `to_state` gave, and nothing else."""

    def copy(self) -> Self:
        """One of its own that holds the same."""
        other = type(self)()
        other.merge(self)
        return other


class Count(Partial):
    """How many values."""

    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = 0

    def add(self, value: Any, at: Place) -> None:
        self.count += value is not None

    def merge(self, other: Self) -> None:
        self.count += other.count

    def finish(self) -> int:
        return self.count

    def to_state(self) -> int:
        return self.count

    def read(self, state: int) -> None:
        self.count = state


class Total(Partial):
    """The number of values, and their sum as an `Exact`."""

    __slots__ = ("count", "shift", "whole")

    def __init__(self) -> None:
        self.count, self.whole, self.shift = 0, 0, 0

    @property
    def total(self) -> Exact:
        return Exact(self.whole, self.shift)

    def add(self, value: Any, at: Place) -> None:
        if value is not None:
            self.count += 1
            whole, below = value.as_integer_ratio()
            self._plus(whole, below.bit_length() - 1)

    def merge(self, other: Self) -> None:
        self.count += other.count
        self._plus(other.whole, other.shift)

    def to_state(self) -> Any:
        return [self.count, *self.total.to_state()]

    def read(self, state: Any) -> None:
        self.count = state[0]
        self.whole, self.shift = Exact.from_state(state[1:])

    def _plus(self, whole: int, shift: int) -> None:
        """As `Exact.plus`, in place: this is what every event comes to."""
        more = self.shift - shift
        if more >= 0:
            self.whole += whole << more
        else:
            self.whole, self.shift = (self.whole << -more) + whole, shift


class Sum(Total):
    """The float nearest to the sum of numbers."""

    __slots__ = ()

    def finish(self) -> float | None:
        return self.total.nearest() if self.count else None


class WholeSum(Total):
    """The sum of integers; None beyond 64 bits."""

    __slots__ = ()

    def finish(self) -> int | None:
        return within(self.whole) if self.count else None


class Mean(Total):
    """The float nearest to the sum, divided by the number of values."""

    __slots__ = ()

    def finish(self) -> float | None:
        total = self.total.nearest() if self.count else None
        return None if total is None else total / self.count


class Std(Total):
    """The standard deviation of the population."""

    __slots__ = ("squares",)

    def __init__(self) -> None:
        super().__init__()
        self.squares = ZERO

    def add(self, value: Any, at: Place) -> None:
        super().add(value, at)
        if value is not None:
            self.squares = self.squares.plus(Exact.of(value).squared())

    def merge(self, other: Self) -> None:
        super().merge(other)
        self.squares = self.squares.plus(other.squares)

    def finish(self) -> float | None:
        return std_of(self.count, self.total, self.squares)

    def to_state(self) -> Any:
        return [*super().to_state(), *self.squares.to_state()]

    def read(self, state: Any) -> None:
        super().read(state[:3])
        self.squares = Exact.from_state(state[3:])


class Best(Partial):
    """One of the values."""

    __slots__ = ("held",)

    def __init__(self) -> None:
        self.held: Any = None

    def finish(self) -> Any:
        return self.held

    def to_state(self) -> Any:
        return self.held

    def read(self, state: Any) -> None:
        self.held = state

    def merge(self, other: Self) -> None:
        self.take(other.held)

    def add(self, value: Any, at: Place) -> None:
        self.take(value)

    @abstractmethod
    def take(self, value: Any) -> None:
        """Hold the better one."""


class Min(Best):
    """The smallest."""

    __slots__ = ()

    def take(self, value: Any) -> None:
        if value is not None and (self.held is None or value < self.held):
            self.held = value


class Max(Best):
    """The largest."""

    __slots__ = ()

    def take(self, value: Any) -> None:
        if value is not None and (self.held is None or value > self.held):
            self.held = value


class Placed(Best):
    """The value of one place: its time, available time, row, and the value."""

    __slots__ = ()

    def add(self, value: Any, at: Place) -> None:
        if value is not None:
            self.take([*at, value])

    def finish(self) -> Any:
        return None if self.held is None else self.held[3]


class First(Placed, Min):
    """The value of the earliest event that has one."""

    __slots__ = ()


class Last(Placed, Max):
    """The value of the latest event that has one."""

    __slots__ = ()


class Distinct(Partial):
    """How many different values."""

    __slots__ = ("values",)

    def __init__(self) -> None:
        self.values: set[Any] = set()

    def add(self, value: Any, at: Place) -> None:
        if value is not None:
            self.values.add(value)

    def merge(self, other: Self) -> None:
        self.values |= other.values

    def finish(self) -> int:
        return len(self.values)

    def to_state(self) -> list[Any]:
        return sorted(self.values)

    def read(self, state: list[Any]) -> None:
        self.values = set(state)


PARTIALS: Mapping[Kind, type[Partial]] = {
    "count": Count,
    "sum": Sum,
    "mean": Mean,
    "std": Std,
    "min": Min,
    "max": Max,
    "first": First,
    "last": Last,
    "distinct": Distinct,
}


def partial_of(aggregate: Aggregate, columns: Mapping[str, Type]) -> Callable[[], Partial]:
    """What makes an empty partial of an aggregate, given the types of the source's columns. Raises `InvalidSpec`."""
    whole = aggregate.kind == "sum" and aggregate_type(aggregate, columns) == "integer"
    return WholeSum if whole else PARTIALS[aggregate.kind]
