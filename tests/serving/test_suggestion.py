from __future__ import annotations

from dragoman.serving.suggestion import shown, suggest


def test_the_nearest_word_is_suggested() -> None:
    assert suggest("langauge", ["text", "language"]) == "did you mean 'language'?"


def test_without_a_near_word_all_are_listed_up_to_a_limit() -> None:
    assert suggest("zzz", ["b", "a"]) == "valid ones are a, b."
    assert suggest("zzz", [f"{number:03}" for number in range(99)]).endswith("028, 029, ….")


def test_a_shown_word_is_cut_and_can_be_printed() -> None:
    assert shown("où") == "'où'"
    assert shown("\ud800\n") == r"'\ud800\n'"
    assert len(shown("x" * 10_000)) < 100
