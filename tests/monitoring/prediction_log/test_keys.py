from __future__ import annotations

import msgspec
import pytest

from dragoman.monitoring.prediction_log import key_pseudonym, logged_key
from dragoman.records import Key
from dragoman.text.redaction import Redactor

REDACTOR = Redactor(b"k" * 32)


def test_a_bare_key_is_kept_as_the_pseudonym_that_can_be_made_anew() -> None:
    assert msgspec.json.decode(logged_key("c-17", REDACTOR)) == key_pseudonym("c-17", REDACTOR)
    assert "c-17" not in logged_key("c-17", REDACTOR)


def test_each_part_of_a_key_has_a_pseudonym_of_its_own_in_the_order_of_the_names() -> None:
    logged = logged_key({"shop": 7, "customer": "c-17"}, REDACTOR)
    assert msgspec.json.decode(logged) == {
        "customer": key_pseudonym("c-17", REDACTOR),
        "shop": key_pseudonym(7, REDACTOR),
    }
    assert logged == logged_key({"customer": "c-17", "shop": 7}, REDACTOR)


@pytest.mark.parametrize("key", [17, "17"])
def test_a_number_and_its_digits_are_one_key(key: Key) -> None:
    assert logged_key(key, REDACTOR) == logged_key(17, REDACTOR)


def test_another_secret_makes_other_pseudonyms_and_no_key_is_empty() -> None:
    assert logged_key("c-17", REDACTOR) != logged_key("c-17", Redactor(b"x" * 32))
    assert logged_key(None, REDACTOR) == ""
