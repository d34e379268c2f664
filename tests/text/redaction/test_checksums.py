from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dragoman.text.redaction.checksums import is_date, luhn, mod_11_10, verhoeff, weighted

DIGITS = st.text("0123456789", min_size=2, max_size=18)
CHECKS = [luhn, verhoeff, mod_11_10]


@pytest.mark.parametrize(("check", "value"), [(luhn, "79927398713"), (verhoeff, "2363"), (mod_11_10, "33392005961")])
def test_published_examples_pass(check, value):
    assert check(value)


@pytest.mark.parametrize("check", CHECKS)
@given(body=DIGITS)
def test_exactly_one_last_digit_fits(check, body):
    assert sum(check(f"{body}{last}") for last in range(10)) == 1


@given(body=DIGITS, place=st.integers(0, 16))
def test_verhoeff_sees_any_two_neighbours_swapped(body, place):
    assume(place + 1 < len(body) and body[place] != body[place + 1])
    swapped = body[:place] + body[place + 1] + body[place] + body[place + 2 :]
    assert [verhoeff(f"{body}{last}") and verhoeff(f"{swapped}{last}") for last in range(10)] == [False] * 10


def test_days_of_february_are_at_most_those_of_a_leap_year():
    assert is_date("29", "02")
    assert not is_date("30", "02")
    assert not is_date("01", "13")
    assert not is_date("00", "01")


def test_weights_count_for_the_first_digits():
    assert weighted("123", (10, 1)) == 12
