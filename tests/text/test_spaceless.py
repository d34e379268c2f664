from __future__ import annotations

import pytest

from dragoman.text.spaceless import is_spaceless


@pytest.mark.parametrize("char", "京ーがカㄅกะ\u0e48ກາကာកཀ")
def test_letters_and_marks_of_scripts_without_spaces(char: str) -> None:
    assert is_spaceless(char)


@pytest.mark.parametrize("char", "aжéعक한가1 ,、。😀")
def test_everything_else_is_written_with_spaces_or_is_no_letter(char: str) -> None:
    assert not is_spaceless(char)
