from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dragoman.features.offline.points import Points
from dragoman.features.offline.ranges import Ranges, add_over, best_over

SIZE = 40
SPANS = st.lists(st.tuples(st.integers(0, SIZE - 1), st.integers(1, SIZE)), max_size=30)
ROWS = st.lists(st.tuples(st.integers(0, 3), st.integers(-5, 5)), max_size=20)


def ranges_of(spans: list[tuple[int, int]]) -> Ranges:
    firsts, lengths = np.array(spans, dtype=np.int64).reshape(-1, 2).T
    return Ranges(firsts.copy(), np.minimum(firsts + lengths, SIZE), SIZE)


@given(SPANS, st.randoms(use_true_random=False))
def test_sums_and_greatest_ranks_are_those_of_the_ranges_over_a_point(spans: list[tuple[int, int]], chance) -> None:
    ranges, ranks = ranges_of(spans), chance.sample(range(100), len(spans))
    over = [[n for n in range(len(spans)) if ranges.firsts[n] <= at < ranges.lasts[n]] for at in range(SIZE)]
    amounts = np.array(ranks, dtype=np.int64)
    assert add_over(ranges, amounts).tolist() == [sum(ranks[n] for n in found) for found in over]
    assert best_over(ranges, amounts).tolist() == [max((ranks[n] for n in found), default=-1) for found in over]


@given(ROWS, ROWS)
def test_points_are_the_distinct_pairs_and_are_found_by_search(rows: list[tuple[int, int]], asked) -> None:
    columns = np.array(rows, dtype=np.int64).reshape(-1, 2).T
    points, numbers = Points.of(*columns, keys=4)
    pairs = sorted(set(rows))
    assert [pairs[number] for number in numbers] == rows
    codes, moments = np.array(asked, dtype=np.int64).reshape(-1, 2).T
    wanted = [sum(pair < one for pair in pairs) for one in asked]
    assert points.first_since(codes, moments).tolist() == wanted
    assert points.first_after(codes).tolist() == [sum(pair < (code + 1, -9) for pair in pairs) for code, _ in asked]
