from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.data.series import Series
from dragoman.errors import InvalidData
from dragoman.models.forecasting import Shape
from dragoman.training.forecasting.origins import Borders, Past, borders_of, told_in

HOUR = 3_600_000_000
SHAPE = Shape(step=HOUR, horizon=2, season=2, lags=[0, 1])


def series_of(rows: list[int], *, start: int = 0) -> Series:
    return Series("a", start * HOUR, np.array(rows))


def past_of(target: list[float], shape: Shape = SHAPE) -> Past:
    """The caller's columns are the rows that they come from: at the told time, and at the last known one."""
    return Past(np.array(target), shape, lambda at, begun: np.stack([at, begun], axis=1).astype(np.float32))


def told(split: str, *series: Series, target: list[float], borders: tuple[int, int], shape: Shape = SHAPE):
    return told_in(split, series, past_of(target, shape), Borders(*(one * HOUR for one in borders)))


def test_what_a_later_split_tells_is_told_by_none_before_it():
    one = series_of(range(10))
    spans = {
        split: told(split, one, target=[*range(1, 11)], borders=(5, 8)).truth for split in ("train", "dev", "test")
    }
    assert spans["train"].max() == 5  # the value of hour 4
    assert (spans["dev"].min(), spans["dev"].max()) == (6, 8)
    assert spans["test"].min() == 9


def test_each_row_reads_the_last_value_that_was_known_when_it_was_told():
    found = told("train", series_of(range(6)), target=[10, 20, 30, 40, 50, 60], borders=(99, 99))
    lags = found.features[:, SHAPE.columns.index("lag.0")] * found.level
    assert lags.tolist() == pytest.approx([10, 10, 20, 20, 30, 30, 40, 40, 50])
    assert found.truth.tolist() == [20, 30, 30, 40, 40, 50, 50, 60, 60]
    assert found.steps.tolist() == [0, 1, 0, 1, 0, 1, 0, 1, 0]


def test_columns_are_asked_for_at_the_told_and_at_the_last_known_row():
    found = told("train", series_of([3, 1, 0]), target=[1, 2, 3, 4], borders=(99, 99))
    assert found.features[:, -2:].tolist() == [[1, 3], [0, 3], [0, 1]]


def test_a_gap_is_neither_told_nor_begun_from():
    found = told("train", series_of([0, -1, 2, 3]), target=[1, np.nan, 3, 4], borders=(99, 99))
    assert found.begun.tolist() == [0, 2]
    assert found.truth.tolist() == [3, 4]


def test_the_naive_answer_is_the_value_one_season_before():
    found = told("train", series_of(range(5)), target=[1, 2, 3, 4, 5], borders=(99, 99))
    assert np.nan_to_num(found.naive, nan=-1).tolist() == pytest.approx([-1, 1, 1, 2, 2, 3, 3])


def test_series_keep_their_numbers():
    found = told("train", series_of([0, 1]), series_of([2, 3], start=7), target=[1, 2, 3, 4], borders=(99, 99))
    assert (found.series.tolist(), found.truth.tolist()) == ([0, 1], [2, 4])


def test_a_split_without_a_time_to_tell_is_refused():
    with pytest.raises(InvalidData, match="The split 'dev' has no time in which 2 steps could be told"):
        told("dev", series_of(range(5)), target=[1, 2, 3, 4, 5], borders=(4, 4))


@given(st.integers(3, 60), st.integers(1, 5), st.data())
def test_nothing_of_a_split_is_told_after_its_end_or_read_after_its_telling(size, horizon, data):
    shape = Shape(step=HOUR, horizon=horizon, season=3, lags=[0])
    dev = data.draw(st.integers(1, size))
    target = [float(value) for value in range(1, size + 1)]
    try:
        found = told("train", series_of(range(size)), target=target, borders=(dev, size), shape=shape)
    except InvalidData:
        return
    assert (found.times < dev * HOUR).all()
    assert (found.begun < found.truth - 1).all()  # the row of a value is the value - 1


# Borders --------------------------------------------------------------------------------------------------------------


def test_without_splits_the_newest_rows_are_test():
    borders = borders_of(np.arange(100), None)
    assert borders == Borders(dev=70, test=85)


def test_given_splits_say_where_they_begin():
    assert borders_of(np.array([5, 1, 3]), ["test", "train", "dev"]) == Borders(dev=3, test=5)


@pytest.mark.parametrize(
    ("splits", "message"),
    [
        (["train", "train", "test"], "The split 'dev' has no rows."),
        (["dev", "train", "test"], "The splits overlap in time"),
        (["train", "test", "dev"], "The splits overlap in time"),
    ],
)
def test_splits_that_do_not_follow_each_other_are_refused(splits, message):
    with pytest.raises(InvalidData) as refusal:
        borders_of(np.array([1, 2, 3]), splits)
    assert refusal.value.message.startswith(message)
