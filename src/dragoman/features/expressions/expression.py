"""What a user writes: an expression with operators and methods."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from dragoman.errors import InvalidInput, InvalidSpec
from dragoman.features.expressions.constants import same_constants
from dragoman.features.expressions.nodes import Aggregate, Call, Kind, columns_in
from dragoman.features.expressions.operators import Operand, Operators, node_of
from dragoman.features.expressions.plain import from_plain, to_plain
from dragoman.features.expressions.zones import require_zone
from dragoman.features.times import length_of

__all__ = ["Expression"]


class Expression(Operators):
    """A value that is computed from columns of events. Operators and methods make new ones of it.

    Raises `InvalidSpec` where it is built so that it can have no value.
    """

    __slots__ = ()

    @property
    def columns(self) -> list[str]:
        """Names of the columns that it reads, each once."""
        return columns_in(self.node)

    def to_plain(self) -> dict[str, Any]:
        """The expression as plain data for JSON."""
        return to_plain(self.node)

    @classmethod
    def from_plain(cls, plain: Any) -> Expression:
        """The expression that `to_plain` gave. Raises `InvalidSpec`."""
        return cls(from_plain(plain))

    # Numbers --------------------------------------------------------------------------------------------------------

    def abs(self) -> Expression:
        """Without its sign."""
        return self._call("abs", self)

    def log(self) -> Expression:
        """The natural logarithm; null where it is not above 0."""
        return self._call("log", self)

    def sqrt(self) -> Expression:
        """The square root; null below 0."""
        return self._call("sqrt", self)

    def floor(self) -> Expression:
        """The largest integer that is not larger; null beyond 64 bits."""
        return self._call("floor", self)

    def round(self) -> Expression:
        """The nearest integer, the even one of two; null beyond 64 bits."""
        return self._call("round", self)

    def to_number(self) -> Expression:
        """An integer or boolean as a number."""
        return self._call("to_number", self)

    def at_least(self, low: Operand) -> Expression:
        """The larger of both; null where one is null."""
        return self._call("at_least", self, low)

    def at_most(self, high: Operand) -> Expression:
        """The smaller of both; null where one is null."""
        return self._call("at_most", self, high)

    def clip(self, low: Operand, high: Operand) -> Expression:
        """Not below `low`, then not above `high`."""
        return self.at_least(low).at_most(high)

    def bucket(self, edges: list[float]) -> Expression:
        """How many of the ascending edges are not larger than it: 0 below the first."""
        found = same_constants(tuple(edges), what="bucket")
        floats = [float(one) for one in found if isinstance(one, (int, float)) and not isinstance(one, bool)]
        if len(floats) < len(found) or any(low >= high for low, high in pairwise(floats)):
            raise InvalidSpec(f"bucket has the edges {edges}.", help="Give numbers, each once, in ascending order.")
        return Expression(Call(function="bucket", arguments=(self.node,), constants=found))

    # Questions ------------------------------------------------------------------------------------------------------

    def is_null(self) -> Expression:
        """Whether there is no value; never null itself."""
        return self._call("is_null", self)

    def is_in(self, values: list[Any]) -> Expression:
        """Whether it is one of the values."""
        found = same_constants(tuple(values), what="is_in")
        return Expression(Call(function="is_in", arguments=(self.node,), constants=found))

    # Texts ----------------------------------------------------------------------------------------------------------

    def lower(self) -> Expression:
        """Every code point that has a small letter as that one."""
        return self._call("lower", self)

    def upper(self) -> Expression:
        """Every code point that has a capital letter as that one."""
        return self._call("upper", self)

    def strip(self) -> Expression:
        """Without white space at both ends."""
        return self._call("strip", self)

    def length(self) -> Expression:
        """How many code points it has."""
        return self._call("length", self)

    def contains(self, part: Operand) -> Expression:
        """Whether `part` stands in it."""
        return self._call("contains", self, part)

    def starts_with(self, part: Operand) -> Expression:
        """Whether it begins with `part`."""
        return self._call("starts_with", self, part)

    def ends_with(self, part: Operand) -> Expression:
        """Whether it ends with `part`."""
        return self._call("ends_with", self, part)

    # Times ----------------------------------------------------------------------------------------------------------

    def hour(self, zone: str = "UTC") -> Expression:
        """The hour of the day in an IANA zone, 0 to 23."""
        return self._clock("hour", zone)

    def weekday(self, zone: str = "UTC") -> Expression:
        """The day of the week, 0 (Monday) to 6."""
        return self._clock("weekday", zone)

    def day(self, zone: str = "UTC") -> Expression:
        """The day of the month, 1 to 31."""
        return self._clock("day", zone)

    def month(self, zone: str = "UTC") -> Expression:
        """The month, 1 to 12."""
        return self._clock("month", zone)

    def _clock(self, function: str, zone: str) -> Expression:
        return Expression(Call(function=function, arguments=(self.node,), constants=(require_zone(zone),)))

    # Aggregates -----------------------------------------------------------------------------------------------------

    def count(self) -> Expression:
        """How many events have a value."""
        return self._aggregate("count")

    def sum(self) -> Expression:
        """The sum; of booleans the number of those that are true."""
        return self._aggregate("sum")

    def mean(self) -> Expression:
        """The mean; of booleans the share of those that are true."""
        return self._aggregate("mean")

    def std(self) -> Expression:
        """The standard deviation of the population."""
        return self._aggregate("std")

    def min(self) -> Expression:
        """The smallest; of texts the first by code points."""
        return self._aggregate("min")

    def max(self) -> Expression:
        """The largest; of texts the last by code points."""
        return self._aggregate("max")

    def first(self) -> Expression:
        """The value of the earliest event that has one."""
        return self._aggregate("first")

    def last(self) -> Expression:
        """The value of the latest event that has one."""
        return self._aggregate("last")

    def distinct(self) -> Expression:
        """How many different values there are."""
        return self._aggregate("distinct")

    def over(self, window: str) -> Expression:
        """The aggregate over the events of the last "30d" (s, min, h, d, w). Raises `InvalidSpec`."""
        aggregate = self._own_aggregate("over")
        if aggregate.window is not None:
            raise InvalidSpec(f"{self.text} has a window.", help="Say .over(...) once.")
        try:
            length = length_of(window, what="The window")
        except InvalidInput as error:
            raise InvalidSpec(error.message, help=error.help) from None
        return Expression(Aggregate(kind=aggregate.kind, of=aggregate.of, where=aggregate.where, window=length))

    def where(self, condition: Operand) -> Expression:
        """The aggregate over those events for which the condition is true. Raises `InvalidSpec`."""
        one, added = self._own_aggregate("where"), node_of(condition)
        both = added if one.where is None else Call(function="and", arguments=(one.where, added))
        return Expression(Aggregate(kind=one.kind, of=one.of, where=both, window=one.window))

    def _aggregate(self, kind: Kind) -> Expression:
        return Expression(Aggregate(kind=kind, of=self.node))

    def _own_aggregate(self, method: str) -> Aggregate:
        if isinstance(self.node, Aggregate):
            return self.node
        raise InvalidSpec(
            f".{method}(...) stands behind {self.text}, which is no aggregate.",
            help=f"Say it of each aggregate: col('amount').sum().{method}(...).",
        )
