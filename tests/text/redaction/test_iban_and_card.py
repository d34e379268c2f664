from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.text.redaction.values import CARDS, FRAMES, IBANS, in_digits

from dragoman.text.redaction import find_personal_data
from dragoman.text.redaction.checksums import luhn
from dragoman.text.redaction.iban import LENGTHS, read_iban

ACCOUNTS = st.tuples(st.sampled_from(sorted(LENGTHS)), st.text("0123456789ABCXYZ", min_size=28, max_size=28))


def made_iban(country: str, account: str) -> str:
    account = account[: LENGTHS[country] - 4]
    number = int("".join(str(int(sign, 36)) for sign in f"{account}{country}00"))
    return f"{country}{98 - number % 97:02d}{account}"


def values_in(text: str) -> list[tuple[str, str]]:
    return [(kind, text[start:end]) for kind, start, end in find_personal_data(text)]


@pytest.mark.parametrize("value", IBANS)
@pytest.mark.parametrize("frame", FRAMES)
def test_an_account_is_found_in_any_script(value, frame):
    assert values_in(frame.format(word="IBAN", value=value)) == [("iban", value)]


@given(one=ACCOUNTS, frame=st.sampled_from(FRAMES), gap=st.sampled_from(["", " ", "-", "\xa0"]))
def test_an_account_of_any_country_is_found_in_groups_of_four(one, frame, gap):
    value = made_iban(*one)
    written = gap.join(value[place : place + 4] for place in range(0, len(value), 4))
    assert values_in(frame.format(word="IBAN", value=written)) == [("iban", written)]


@given(one=ACCOUNTS, place=st.integers(0, 31), sign=st.sampled_from("0123456789"))
def test_an_account_with_another_digit_is_not_found(one, place, sign):
    value = made_iban(*one)
    changed = value[: place % len(value)] + sign + value[place % len(value) + 1 :]
    assert (read_iban(changed, 0, len(changed)) is not None) == (changed == value)


@pytest.mark.parametrize(
    "text", ["DE89370400440532013000X", "XX89370400440532013000", "DE89 3704 0044 0532 0130", "DE8"]
)
def test_a_wrong_length_or_country_is_no_account(text):
    assert read_iban(text, 0, len(text)) is None


def test_an_account_ends_where_its_country_says():
    assert values_in("IBAN DE89 3704 0044 0532 0130 00 BIC COBADEFFXXX") == [("iban", "DE89 3704 0044 0532 0130 00")]


@pytest.mark.parametrize("value", CARDS)
@given(frame=st.sampled_from(FRAMES), zero=st.sampled_from("0\u0660\u0966\u0e50\uff10"))
def test_a_card_is_found_in_any_script_and_digits(value, frame, zero):
    written = in_digits(value, zero)
    assert values_in(frame.format(word="card", value=written)) == [("card", written)]


@given(body=st.text("0123456789", min_size=14, max_size=14))
def test_a_card_is_found_if_its_check_digit_fits_and_only_then(body):
    values = [f"4{body}{last}" for last in range(10)]
    assert [value for value in values if values_in(f"pay {value} now")] == [value for value in values if luhn(value)]


@pytest.mark.parametrize("text", ["9111 1111 1111 1110", "0000000000000000", "4111.1111-1111 1111"])
def test_an_unknown_issuer_or_grouping_is_no_card(text):
    assert "card" not in {kind for kind, _ in values_in(text)}
