from __future__ import annotations

import numpy as np

from dragoman.models.packing import pack
from dragoman.models.readouts import PoolReadout
from dragoman.runtime.footprint import footprint_of
from dragoman.runtime.row_session import RowSession
from dragoman.serving.table_fakes import sums

ROWS = [np.array(row, dtype=np.float32) for row in ([1, 2], [3, np.nan])]
READOUT = PoolReadout(pooling="cls", normalize=False)


def test_each_row_of_a_batch_has_what_the_model_says_of_it() -> None:
    batch = pack([[0], [0]], first_position=0, features=ROWS)
    told = RowSession(sums, columns=2).run(batch)
    assert told.tolist() == [[3, 2, 4], [3, 2, 4]]
    assert [one.tolist() for one in READOUT.read(told, batch, [1])] == [[3, 2, 4]]


def test_a_row_without_features_is_one_of_which_nothing_is_known() -> None:
    mixed = RowSession(sums, columns=2).run(pack([[0], [0]], first_position=0, features=[ROWS[0], None]))
    alone = RowSession(sums, columns=2).run(pack([[0]], first_position=0))
    assert (mixed.tolist(), alone.tolist()) == ([[3, 2, 4], [0, -1, 1]], [[0, -1, 1]])


def test_a_session_tells_what_it_takes() -> None:
    session = RowSession(sums, columns=2, stored_bytes=7)
    assert (footprint_of(session).own, session.threads) == (7, 1)
