from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dragoman.features.offline.exact import squares_over, sums_over
from dragoman.features.offline.ranges import Ranges

SIZE = 6
SPANS = st.tuples(st.integers(0, SIZE - 1), st.integers(1, SIZE)).map(lambda one: (one[0], min(one[0] + one[1], SIZE)))
FLOATS = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([0.1, 1e16, -1e16, 5e-324, 2.0**53, 0.5])
INTEGERS = st.integers(-(2**63), 2**63 - 1)


def ranges_of(spans: list[tuple[int, int]]) -> Ranges:
    firsts, lasts = np.array(spans, dtype=np.int64).reshape(-1, 2).T.copy()
    return Ranges(firsts, lasts, SIZE)


def counted(events: list[tuple[tuple[int, int], float]], point: int) -> list[Fraction]:
    return [Fraction(value) for (first, last), value in events if first <= point < last]


def nearest(exact: Fraction) -> float:
    try:
        return float(exact)
    except OverflowError:
        return float("inf") if exact > 0 else float("-inf")


@given(st.lists(st.tuples(SPANS, FLOATS), max_size=12))
def test_sums_of_floats_are_the_nearest_to_the_true_ones(events: list[tuple[tuple[int, int], float]]) -> None:
    sums = sums_over(
        ranges_of([span for span, _ in events]), np.array([value for _, value in events], dtype=np.float64)
    )
    assert sums.rounded().tolist() == [nearest(sum(counted(events, point), Fraction())) for point in range(SIZE)]


@given(st.lists(st.tuples(SPANS, FLOATS | INTEGERS.map(float)), max_size=8))
def test_sums_of_squares_lose_nothing(events: list[tuple[tuple[int, int], float]]) -> None:
    values = np.array([value for _, value in events], dtype=np.float64)
    wholes, shift = squares_over(ranges_of([span for span, _ in events]), values).wholes()
    for point, whole in enumerate(wholes):
        assert Fraction(whole, 2**shift) == sum((value**2 for value in counted(events, point)), Fraction())


@given(st.lists(st.tuples(SPANS, INTEGERS), max_size=8))
def test_sums_of_integers_lose_nothing(events: list[tuple[tuple[int, int], int]]) -> None:
    values, ranges = np.array([value for _, value in events], dtype=np.int64), ranges_of([span for span, _ in events])
    for found, power in ((sums_over(ranges, values), 1), (squares_over(ranges, values), 2)):
        wholes, shift = found.wholes()
        for point, whole in enumerate(wholes):
            assert Fraction(whole, 2**shift) == sum(one**power for one in counted(events, point))


def test_rounding_goes_to_the_even_one_of_two() -> None:
    ranges = ranges_of([(0, 6), (1, 6), (2, 3), (3, 4)])
    values = np.array([2.0**53, 1.0, 2.0**-60, 2.0])
    assert sums_over(ranges, values).rounded().tolist()[:4] == [2.0**53, 2.0**53, 2.0**53 + 2, 2.0**53 + 4]
