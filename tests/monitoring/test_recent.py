from __future__ import annotations

from dragoman.monitoring.recent import RecentAnswer, RecentAnswers

ANSWER = RecentAnswer("support", "1", "en", "refund")


def test_an_answer_is_taken_once() -> None:
    recent = RecentAnswers()
    recent.add("a", ANSWER)

    assert recent.take("a") == ANSWER
    assert recent.take("a") is None


def test_the_oldest_answers_are_forgotten() -> None:
    recent = RecentAnswers(size=3)

    for id in "abcde":
        recent.add(id, ANSWER)

    assert [id for id in "abcde" if recent.take(id)] == ["c", "d", "e"]
