from __future__ import annotations

import random
import string

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.text.redaction.values import FORMATTED, FRAMES, IDS, LAST_SIGN_DECIDES, in_digits, rule_for, variant

from dragoman.text.redaction import KINDS, find_personal_data
from dragoman.text.redaction.ids import RULES

PUBLISHED = [(kind, value) for kind, values in IDS.items() for value in values]
BARE_AND_ALONE = [(rule, int(shape)) for rule in RULES for shape in rule.shapes if shape.isdigit()]
MOST_OF_DIGITS, MOST_WITH_LETTERS = 0.001, 0.05  # share of random strings that may pass where no word is needed
TRIALS = 20_000


def kinds_in(text: str) -> list[str]:
    return [finding.kind for finding in find_personal_data(text)]


def look_alike(value: str, chance: random.Random) -> str:
    return "".join(chance.choice(string.digits if sign.isdigit() else string.ascii_uppercase) for sign in value)


def test_every_kind_has_a_published_example():
    assert set(IDS) == {rule.kind for rule in RULES} <= set(KINDS)


@pytest.mark.parametrize(("kind", "value"), PUBLISHED)
@given(frame=st.sampled_from(FRAMES), zero=st.sampled_from("0\u0660\u06f0\u0966\u0e50\uff10"))
def test_a_published_example_is_found_beside_its_name_in_any_script(kind, value, frame, zero):
    text = frame.format(word=rule_for(kind, value).words[0], value=in_digits(value, zero))
    (found,) = find_personal_data(text)
    assert (found.kind, text[found.start : found.end]) == (kind, in_digits(value, zero))


@given(one=st.sampled_from(PUBLISHED), frame=st.sampled_from(FRAMES), seed=st.integers(0, 10**6))
def test_a_value_made_from_an_example_is_found(one, frame, seed):
    kind, example = one
    value = variant(kind, example, seed)
    assume(value is not None)
    assert kinds_in(frame.format(word=rule_for(kind, value).words[0], value=value)) == [kind]


@pytest.mark.parametrize("kind", LAST_SIGN_DECIDES)
def test_another_last_sign_is_not_found_as_that_kind(kind):
    value = IDS[kind][0]
    word = rule_for(kind, value).words[0]
    signs = string.digits if value[-1].isdigit() else string.ascii_uppercase
    others = [value[:-1] + sign for sign in signs if sign != value[-1]]
    assert [other for other in others if kind in kinds_in(f"{word} {other}")] == []


@pytest.mark.parametrize(("kind", "value"), FORMATTED.items())
def test_a_number_in_the_grouping_of_its_country_needs_no_word(kind, value):
    text = f"Please check {value}, thanks."
    assert [(kind, value)] == [(one.kind, text[one.start : one.end]) for one in find_personal_data(text)]


@pytest.mark.parametrize("value", ["AB 12 34 56 C", "AB 123456 C", "RSS MRA 85T10 A562S"])
@pytest.mark.parametrize("frame", FRAMES)
def test_groups_may_be_letters_alone(value, frame):
    text = frame.format(word="no", value=value)
    assert [value] == [text[one.start : one.end] for one in find_personal_data(text)]


@pytest.mark.parametrize("value", ["123456782", "12345678901", "123 456 782", "9434765919", "on 12 34 56 a"])
def test_digits_that_fit_a_checksum_by_chance_are_left_without_a_word(value):
    assert find_personal_data(f"Please check {value}, thanks.") == []


@pytest.mark.parametrize(("rule", "length"), BARE_AND_ALONE, ids=lambda value: getattr(value, "kind", value))
def test_what_needs_no_word_is_rare_among_strings_of_its_form(rule, length):
    example = next(value for value in IDS[rule.kind] if len(value) == length and rule.accepts(value))
    chance = random.Random(5)
    passed = sum(rule.accepts(look_alike(example, chance)) for _ in range(TRIALS))
    assert passed / TRIALS <= (MOST_OF_DIGITS if example.isdigit() else MOST_WITH_LETTERS)


def test_the_word_decides_between_two_kinds_that_fit():
    assert kinds_in("kennitala 120174-3399") == ["is_kennitala"]
    assert kinds_in("CPR 120174-3399") == ["dk_cpr"]


def test_a_number_that_is_said_to_be_an_order_is_none():
    assert kinds_in("order no. 536-90-4399") == []
    assert kinds_in("SSN 536-90-4399") == ["us_ssn"]


def test_a_word_without_a_space_before_its_number_counts():
    assert kinds_in("BSN123456782") == ["nl_bsn"]
    assert kinds_in("REF123456782") == []


def test_a_word_after_the_number_counts():
    assert kinds_in("123456782 is mijn BSN") == ["nl_bsn"]
