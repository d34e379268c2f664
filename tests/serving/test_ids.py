from __future__ import annotations

import re
import time

import pytest

from dragoman.serving.ids import new_id


def test_an_id_has_26_characters_of_crockfords_alphabet() -> None:
    assert re.fullmatch("[0-7][0-9A-HJKMNP-TV-Z]{25}", new_id())


def test_ids_do_not_repeat() -> None:
    assert len({new_id() for _ in range(2_000)}) == 2_000


def test_later_ids_sort_later(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([1, 5_000_000, 1_700_000_000_000_000_000, 1_700_000_000_001_000_000])
    monkeypatch.setattr(time, "time_ns", lambda: next(moments))
    made = [new_id() for _ in range(4)]
    assert made == sorted(made)


def test_the_time_stands_in_the_first_ten_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: 1_469_918_176_385 * 1_000_000)
    assert new_id().startswith("01ARYZ6S41")
