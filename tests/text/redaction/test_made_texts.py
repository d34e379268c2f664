"""The texts that recall and precision are measured on are what they say they are."""

from __future__ import annotations

import re
from string import ascii_uppercase

import pytest
from bench.redaction_texts.accounts import COUNTRIES, made_card, raw_iban
from bench.redaction_texts.chance import Chance
from bench.redaction_texts.ids import MAKERS, NO_CHECK_DIGIT, SPELLINGS, made_id
from bench.redaction_texts.language import HALVES, KINDS_OF_SENTENCES, languages
from bench.redaction_texts.phones import made_phone, regions
from bench.redaction_texts.score import Share, outcome_of, wilson
from bench.redaction_texts.texts import Text, Value, made_texts

from dragoman.text.redaction import KINDS
from dragoman.text.redaction.ids import RULES

CODES = sorted(languages())
EXAMPLE = "ar bn cs de el en es fa fr hi id it ja ko nl pl pt ru sw th tr uk vi zh".split()


def signs(text: str) -> str:
    return re.sub(r"[^0-9A-Za-z]", "", text).upper()


def accepted(kind: str, value: str) -> bool:
    return any(rule.accepts(value) for rule in RULES if rule.kind == kind)


def test_there_are_texts_in_all_languages_of_the_example_and_in_more_than_sixty():
    assert set(EXAMPLE) < set(CODES)
    assert len(CODES) > 60


@pytest.mark.parametrize("code", CODES)
def test_both_halves_have_sentences_for_each_kind_and_share_none(code):
    one, other = (languages()[code].halves[half] for half in HALVES)
    for half in (one, other):
        expected = {*KINDS_OF_SENTENCES} - (set() if half.names else {"id"})
        assert set(half.sentences) == expected
        assert all(text.count("{}") == (kind != "no") for kind, some in half.sentences.items() for text in some)
        assert sum(map(len, half.sentences.values())) >= 12
    assert one.names.keys() == other.names.keys() <= set(KINDS)
    for kind, some in one.sentences.items():
        assert not set(some) & set(other.sentences[kind])


@pytest.mark.parametrize("kind", MAKERS)
def test_made_ids_have_right_check_digits_and_with_another_one_are_none(kind):
    chance = Chance(kind)
    values = [MAKERS[kind](chance) for _ in range(30)]
    assert all(accepted(kind, signs(value)) for value in values)
    if kind not in NO_CHECK_DIGIT and kind != "lv_personal_code":
        changed = [value[:-1] + str((int(value[-1]) + 1) % 10) for value in map(signs, values) if value[-1].isdigit()]
        assert not any(accepted(kind, value) for value in changed)


def test_every_kind_of_id_is_made_and_spelled():
    kinds = {rule.kind for rule in RULES}
    assert (
        set(MAKERS)
        == set(SPELLINGS)
        == kinds
        == {kind for one in languages().values() for kind in one.halves["test"].names}
    )
    assert all(accepted(kind, signs(made_id(Chance(kind), kind))) for kind in kinds)


@pytest.mark.parametrize("country", COUNTRIES)
def test_made_accounts_leave_one_modulo_97(country):
    value = raw_iban(Chance(country), [country])
    moved = value[4:] + value[:4]
    number = "".join(str(ascii_uppercase.index(sign) + 10) if sign.isalpha() else sign for sign in moved)
    assert int(number) % 97 == 1


def test_made_cards_end_in_luhns_digit():
    for seed in range(50):
        digits = [int(sign) for sign in reversed(signs(made_card(Chance(seed))))]
        doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
        assert (sum(digits[::2]) + sum(doubled)) % 10 == 0


def test_made_telephone_numbers_have_the_code_of_the_country_or_none():
    for region in regions().values():
        chance = Chance(region.country)
        made = [made_phone(chance, region) for _ in range(30)]
        assert all(
            signs(number).lstrip("0").startswith(region.code) == (spelling == "international")
            for number, spelling in made
            if spelling == "international"
        )
        assert all(6 <= len(signs(number)) <= 17 for number, _ in made)


@pytest.mark.parametrize("code", CODES)
def test_texts_have_their_values_where_they_say(code):
    language = languages()[code]
    for text in made_texts(language, "development", seed=3, personal=12, other=4):
        for value in text.values:
            shown = text.text[value.start : value.end]
            assert shown == shown.strip()
            assert any(map(str.isalnum, shown))
        assert sorted(text.values, key=lambda one: one.start) == text.values


def test_the_same_seed_makes_the_same_texts_and_another_one_others():
    language = languages()["de"]
    one, same, other = (list(made_texts(language, "test", seed=seed, personal=5, other=5)) for seed in (1, 1, 2))
    assert one == same != other
    assert [bool(text.values) for text in one] == [True] * 5 + [False] * 5


def test_a_value_counts_as_found_only_if_all_of_it_is_covered():
    text = Text("mail a@b.com or 4711", [Value("email", 5, 12, "", is_named=True)])
    assert outcome_of(text, [("email", 5, 12)]).found[0][1]
    assert outcome_of(text, [("email", 5, 8), ("url", 8, 12)]).found[0][1]
    assert not outcome_of(text, [("email", 6, 12)]).found[0][1]


def test_a_finding_that_touches_no_value_is_an_alarm():
    text = Text("mail a@b.com or 4711", [Value("email", 5, 12, "", is_named=True)])
    outcome = outcome_of(text, [("email", 3, 12), ("phone", 16, 20)])
    assert outcome.alarms == [("phone", 16, 20)]
    assert (outcome.right_findings, outcome.characters, outcome.right_characters) == (1, 13, 7)


def test_wilsons_interval_of_a_published_example():
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert str(Share(0, 10)) == "0.0 (0.0 to 27.8)"
