from __future__ import annotations

from dragoman.models.packing import pack
from dragoman.runtime.base import FakeSession


def test_the_fake_gives_a_token_the_same_vector_whatever_its_neighbours() -> None:
    session = FakeSession(hidden=3)

    hidden = session.run(pack([[3, 4, 6], [5]], first_position=2))

    assert hidden.tolist() == [[1, 0, 0], [0, 1, 0], [1, 0, 0], [0, 0, 1]]
    assert [batch.texts for batch in session.batches] == [2]
