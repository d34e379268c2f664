from __future__ import annotations

import pytest

from dragoman.errors import InvalidSpec
from dragoman.records import Reviewer
from dragoman.spec.reviewers_file import parse_reviewers, read_reviewers

ANA = '[[reviewers]]\nname = "ana"\nlanguages = ["de", "pt-BR"]\n'


def test_reviewers_come_by_name():
    bo = '[[reviewers]]\nname = "Bo@example.com"\nlanguages = ["th"]\nper_day = 40\n'
    assert parse_reviewers(ANA + bo) == [
        Reviewer(name="Bo@example.com", languages=["th"], per_day=40),
        Reviewer(name="ana", languages=["de", "pt-BR"]),
    ]


def test_without_the_file_there_are_none(tmp_path):
    assert read_reviewers(tmp_path / "reviewers.toml") == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("reviewers = 3", "'reviewers' is no list of tables"),
        ("[people]", "unknown key 'people'"),
        ("[[reviewers]\n", "is not TOML"),
        (ANA + ANA, "two reviewers are called 'ana'"),
        (ANA.replace("languages", "language"), "unknown key 'language'. Help: did you mean 'languages'"),
        (ANA.replace('name = "ana"\n', ""), "lacks the required key `name`"),
        (ANA.replace('"ana"', '"a, b"'), "'name'"),
        (ANA.replace('["de", "pt-BR"]', "[]"), "'languages'"),
        (ANA + "per_day = -1", "'per_day': expected `int` >= 0"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text, words):
    with pytest.raises(InvalidSpec) as told:
        parse_reviewers(text)
    assert words in str(told.value)
    assert "reviewers.toml" in told.value.message


def test_a_file_that_is_not_utf_8_is_refused(tmp_path):
    (tmp_path / "reviewers.toml").write_bytes(b"\xff")
    with pytest.raises(InvalidSpec, match="is not UTF-8: byte 0"):
        read_reviewers(tmp_path / "reviewers.toml")
