from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.monitoring.drift.budget import levels


@given(st.floats(0.01, 100), st.integers(1, 1_440), st.integers(1, 8), st.integers(2, 2_000), st.floats(0, 1))
def test_no_more_than_the_accepted_false_alarms_are_spent_in_30_days(knob, minutes, windows, cells, share):
    tested = round(share * (cells - 1) * windows)

    found = levels(knob, every_minutes=minutes, windows=windows, cells=cells, tested=tested)

    looks = 30 * 24 * 60 / minutes
    assert looks * (tested * found.cell + windows * found.mix) <= knob * (1 + 1e-9)
    assert 0 < found.mix <= 1
    assert 0 <= found.cell <= 1


def test_what_cannot_be_tested_costs_nothing():
    few, many = (levels(1.0, every_minutes=60, windows=4, cells=441, tested=tested) for tested in (11, 1_760))

    assert few.cell == pytest.approx(160 * many.cell)
    assert few.mix == many.mix
