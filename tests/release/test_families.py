from __future__ import annotations

import pytest

from dragoman.release.families import FAMILIES, SCRIPTS, group_of, groups
from dragoman.release.world import LANGUAGES
from dragoman.text.script import SCRIPTS as KNOWN_SCRIPTS

LISTED = ["da", "sv", "de-CH", "hi", "bho-Deva", "th", "tr", "sr-Latn", "zh-Hant", "lzh-Hans"]


@pytest.mark.parametrize(
    ("language", "scope", "name", "members"),
    [
        ("da", "family", "Germanic", {"da", "sv", "de-CH"}),
        ("de-CH", "family", "Germanic", {"da", "sv", "de-CH"}),
        ("hi", "script", "Deva", {"hi", "bho-Deva"}),
        ("tr", "script", "Latn", {"tr", "da", "sv", "de-CH", "sr-Latn"}),
        ("zh-Hant", "script", "Hani", {"zh-Hant", "lzh-Hans"}),
    ],
)
def test_a_language_is_judged_with_its_family_and_else_with_its_script(language, scope, name, members):
    group = group_of(language, LISTED)

    assert group
    assert (group.scope, group.name, set(group.languages)) == (scope, name, members)


@pytest.mark.parametrize("language", ["th", "ko", "und"])
def test_a_language_without_relatives_has_no_group(language):
    assert group_of(language, [language, "en", "de"]) is None


def test_groups_are_listed_once():
    assert [group.name for group in groups(["en", "de", "sv", "ru", "uk", "th"])] == ["Germanic", "Slavic"]


def test_a_code_stands_in_one_family_and_one_script():
    for table in (FAMILIES, SCRIPTS):
        codes = " ".join(table.values()).split()
        assert len(codes) == len(set(codes))


def test_every_script_is_known_to_the_detector():
    assert set(SCRIPTS) <= {*KNOWN_SCRIPTS, "Jpan", "Kore"}


def test_most_common_languages_have_relatives():
    alone = [name for name in LANGUAGES if group_of(name, LANGUAGES) is None]

    assert alone == ["ja", "zh", "ko", "th", "el", "ta"]
