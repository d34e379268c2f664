"""Recall does not fall, and false alarms do not rise, on a small set of texts in all languages.

The numbers that are reported come from other sentences and values (`bench/redaction_quality.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest
from bench.redaction_texts.language import languages
from bench.redaction_texts.score import Outcome, outcome_of, share_of
from bench.redaction_texts.texts import Value, made_texts

from dragoman.text.redaction import Redactor, find_personal_data

ADDRESSES = ("email", "url", "ip", "iban", "card", "phone")
FLOORS = {"email": 1.0, "url": 0.995, "ip": 1.0, "iban": 1.0, "card": 1.0}
FLOORS_OF_PHONES = {"international": 0.995, "grouped": 0.97, "bare": 0.95}


@cache
def outcomes() -> list[Outcome]:
    texts = [
        text for one in languages().values() for text in made_texts(one, "development", seed=11, personal=24, other=12)
    ]
    return [outcome_of(text, find_personal_data(text.text)) for text in texts]


def recall(wanted: Callable[[Value], bool]) -> float:
    share = share_of(outcomes(), wanted)
    assert share.total >= 30
    return share.hits / share.total


@pytest.mark.parametrize("kind", FLOORS)
def test_addresses_and_accounts_are_found_in_all_languages(kind):
    assert recall(lambda value: value.kind == kind) >= FLOORS[kind]


@pytest.mark.parametrize("spelling", FLOORS_OF_PHONES)
def test_telephone_numbers_beside_a_word_are_found_in_all_languages(spelling):
    floor = FLOORS_OF_PHONES[spelling]
    assert recall(lambda value: value.is_named and (value.kind, value.spelling) == ("phone", spelling)) >= floor


def test_telephone_numbers_in_groups_are_mostly_found_without_a_word():
    wanted = ("phone", "grouped", False)
    assert recall(lambda value: (value.kind, value.spelling, value.is_named) == wanted) >= 0.7


def test_national_ids_are_found_beside_their_names():
    assert recall(lambda value: value.kind not in ADDRESSES and value.is_named) >= 0.99


def test_national_ids_are_often_found_without_a_name():
    assert recall(lambda value: value.kind not in ADDRESSES and not value.is_named) >= 0.5


def test_numbers_in_digits_of_the_script_are_found_like_others():
    assert recall(lambda value: value.spelling == "own digits" and value.is_named) >= 0.99


def test_few_texts_without_personal_data_raise_an_alarm():
    empty = [outcome for outcome in outcomes() if not outcome.found]
    assert len(empty) > 700
    assert sum(bool(outcome.alarms) for outcome in empty) / len(empty) <= 0.015


def test_what_is_redacted_is_personal_data():
    right = sum(outcome.right_characters for outcome in outcomes())
    assert right / sum(outcome.characters for outcome in outcomes()) >= 0.98


@pytest.mark.parametrize("code", sorted(languages()))
def test_a_redacted_text_of_any_language_stays_as_it_is(code):
    redactor = Redactor(bytes(16))
    texts = list(made_texts(languages()[code], "development", seed=12, personal=10, other=2))
    for text in [*(one.text for one in texts), " ".join(one.text for one in texts)]:
        assert redactor.redact(redactor.redact(text)) == redactor.redact(text)
