from __future__ import annotations

from dragoman.models.packing import pack
from dragoman.runtime.base import FakeSession


def test_the_fake_counts_a_texts_tokens_whatever_its_neighbours() -> None:
    session = FakeSession(labels=3, hidden=2)

    outputs = session.run(pack([[3, 4, 6], [5]], first_position=2))

    assert outputs.logits.tolist() == [[2.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    assert outputs.hidden.tolist() == [[3.0, 3.0], [4.0, 4.0], [6.0, 6.0], [5.0, 5.0]]
    assert [batch.texts for batch in session.batches] == [2]
