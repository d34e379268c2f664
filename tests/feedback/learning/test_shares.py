from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from dragoman.feedback.learning.shares import Fresh, room_of, shared
from dragoman.records import Example


def fresh(number: int, language: str = "de", split: str = "train") -> Fresh:
    example = Example(id=f"label:{number:03}", text=f"t {number}", label="x", language=language, split=split)
    return Fresh(example, number)


def ids(rows: list[Example]) -> list[str]:
    return [row.id for row in rows]


def test_the_newest_rows_train_and_the_others_wait() -> None:
    taken, waiting = shared([fresh(1), fresh(3), fresh(2)], {"de": 4}, replay=2)
    assert (ids(taken), ids(waiting)) == (["label:002", "label:003"], ["label:001"])


def test_rows_that_are_only_measured_never_wait() -> None:
    taken, waiting = shared([fresh(3), fresh(2, split="test"), fresh(1, split="dev")], {"de": 1}, replay=1)
    assert (len(taken), waiting) == (3, [])


def test_every_language_has_its_own_room() -> None:
    rows = [fresh(number, language) for number in range(10) for language in ("de", "en")]
    taken, _ = shared(rows, {"de": 2, "en": 10}, replay=2)
    assert sorted(row.language for row in taken) == ["de"] + ["en"] * 5


def test_a_language_without_old_rows_has_the_room_of_an_average_one() -> None:
    assert room_of("th", {"de": 30, "en": 10}, 2) == 10


def test_without_replay_there_is_room_for_all() -> None:
    assert room_of("de", {"de": 1}, 0) == math.inf


@given(st.integers(0, 30), st.integers(0, 30), st.floats(0.1, 10))
def test_no_row_is_lost(new: int, old: int, replay: float) -> None:
    taken, waiting = shared([fresh(number) for number in range(new)], {"de": old}, replay=replay)
    assert sorted(ids(taken) + ids(waiting)) == [fresh(number).example.id for number in range(new)]
    assert len(taken) <= math.ceil(old / replay)
