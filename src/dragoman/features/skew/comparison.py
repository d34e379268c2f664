"""Values that were served, beside those that the events give: how many differ, and why."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from dragoman.records import Record

__all__ = ["FeatureSkew", "SkewExample", "Triple", "are_same", "compare_feature"]

TOLERANCE = 1e-9  # relative: two orders of the same sum
MOST_EXAMPLES = 3


class Triple(NamedTuple):
    """One value three ways: as it was served, as the events known at that moment give it, and as all known now do."""

    id: str  # of the prediction, or the key
    time: str
    served: Any
    known: Any
    hindsight: Any


class SkewExample(Record, frozen=True, kw_only=True):
    """A value that differs."""

    id: str
    time: str
    served: Any
    replayed: Any


class FeatureSkew(Record, frozen=True, kw_only=True):
    """One feature. `differing` are those that the same definition over the same events does not give again.

    That is a defect, an online row that had fallen behind, or a row that somebody changed. Late rows are no defect: the
    value was right as far as anybody knew, and training must not know better either.
    """

    feature: str
    n: int
    equal: int  # exactly, None with None included
    differing: int  # by more than rounding
    missing_online: int  # of those: nothing was served, and there is a value
    missing_offline: int  # of those: something was served, and there is no value
    largest: float | None = None  # of the differences of two numbers
    late: int = 0  # values that events which came to be known later would change
    largest_late: float | None = None
    examples: list[SkewExample] = msgspec.field(default_factory=list)

    @property
    def equal_share(self) -> float:
        return self.equal / self.n if self.n else 1.0


def compare_feature(feature: str, values: Sequence[Triple]) -> FeatureSkew:
    """Compare all values of one feature; examples are those with the largest differences, missing ones first."""
    wrong = [one for one in values if not are_same(one.served, one.known)]
    late = [one for one in values if not are_same(one.known, one.hindsight)]
    worst = sorted(wrong, key=lambda one: -distance(one.served, one.known))[:MOST_EXAMPLES]
    return FeatureSkew(
        feature=feature,
        n=len(values),
        equal=sum(one.served == one.known for one in values),
        differing=len(wrong),
        missing_online=sum(one.served is None for one in wrong),
        missing_offline=sum(one.known is None for one in wrong),
        largest=_largest((one.served, one.known) for one in wrong),
        late=len(late),
        largest_late=_largest((one.known, one.hindsight) for one in late),
        examples=[SkewExample(id=one.id, time=one.time, served=one.served, replayed=one.known) for one in worst],
    )


def are_same(one: Any, other: Any) -> bool:
    """Whether two values are equal up to rounding. A boolean is no number."""
    if one is None or other is None:
        return one is other
    if _is_number(one) and _is_number(other):
        return math.isclose(one, other, rel_tol=TOLERANCE)
    return type(one) is type(other) and bool(one == other)


def distance(one: Any, other: Any) -> float:
    """How far two values are apart; infinitely, unless both are numbers."""
    return abs(one - other) if _is_number(one) and _is_number(other) else math.inf


def _largest(pairs: Iterator[tuple[Any, Any]]) -> float | None:
    found = [far for one, other in pairs if (far := distance(one, other)) < math.inf]
    return max(found, default=None)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
