from __future__ import annotations

import gc

import numpy as np

from dragoman.runtime.word_tables import WordTable, shared_table


def table(seed: int = 0, *, rows: int = 9_000) -> WordTable:
    random = np.random.default_rng(seed)
    values = random.integers(-127, 128, (rows, 8), dtype=np.int8)
    return WordTable(values, random.random(rows, dtype=np.float32))


def test_equal_tables_become_one() -> None:
    first, second = shared_table(table()), table()

    assert shared_table(second).values is first.values


def test_tables_that_differ_in_one_number_stay_apart() -> None:
    first, second = shared_table(table()), table()
    second.values[8_999, 7] += 1

    assert shared_table(second).values is second.values
    assert first.values is not second.values


def test_tables_of_other_scales_stay_apart() -> None:
    first, second = shared_table(table()), table(seed=1)

    assert shared_table(second).values is second.values
    assert first.values is not second.values


def test_a_table_goes_with_its_last_user() -> None:
    first = shared_table(table(seed=2))
    del first
    gc.collect()
    second = table(seed=2)

    assert shared_table(second).values is second.values
