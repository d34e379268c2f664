from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.text.redaction.values import in_digits

from dragoman.text.redaction import find_personal_data
from dragoman.text.redaction.phone import normalize_phone

# As they are written in their countries.
ALONE = """
+49 30 1234567|+49 (0)30 123 45 67|+49-171-1234567|0049 171 1234567|004917112345678|+4917112345678|030 12345678
030/12345678|(030) 1234567|0171 1234567|06 12 34 56 78|06.12.34.56.78|+33 6 12 34 56 78|020 7946 0958|(020) 7946 0958
+44 (0)20 7946 0958|07700 900123|07700 900 123|(555) 234-5678|555-234-5678|555.234.5678|1-800-555-0199|+1 (555) 234-5678
8 (912) 345-67-89|8-912-345-67-89|+7 912 345-67-89|8 912 345 67 89|050 123 45 67|+380 50 123 45 67|03-1234-5678
090-1234-5678|010-1234-5678|02-123-4567|138 1234 5678|+86 138 1234 5678|081-234-5678|0912 345 678|0812-3456-7890
(11) 91234-5678|+55 11 91234-5678|612 34 56 78|+34 612 345 678|0532 123 45 67|0 (532) 123 45 67|+966 50 123 4567
0912 345 6789|+98 912 345 6789|+91 98765 43210|01712-345678|0300-1234567|070-123 45 67|040 123 4567|079 123 45 67
+39 06 1234 5678|06-12345678|0470 12 34 56|0412 345 678|052-123-4567|+972-52-123-4567|+254 712 345678|0803 123 4567
+48 501 234 567|+420 601 123 456|+30 210 1234567|0721 234 567|+45 12 34 56 78|+65 9123 4567|+852 9123 4567
０９０−１２３４−５６７８|０３ー１２３４ー５６７８|（０３）１２３４−５６７８
٠٥٠ ١٢٣ ٤٥٦٧|০১৭১২-৩৪৫৬৭৮
๐๘๑-๒๓๔-๕๖๗๘
"""
BESIDE = """
Tel. 12345678|my phone is 501 234 567|Handy 01711234567|téléphone : 0612345678|llámame al 612345678|soita 0401234567
тел. 89123456789|телефон 380501234567|هاتفي 0501234567|تلفن ۰۹۱۲۳۴۵۶۷۸۹|टेलीफोन नहीं, मोबाइल 9876543210|โทร0812345678
电话13812345678
電話は0312345678|전화01012345678|điện thoại 0912345678|τηλ 2101234567|טלפון 0521234567|ring mig 12 34 56 78
0612345678 is my phone number|Tel0612345678
"""
NO_PHONES = """
order 0171-1234567|Bestellung 030/1234567|invoice no. 555-234-5678|заказ 8-912-345-67-89|订单号 138-1234-5678
2024-05-06|06.05.2024|06/05/2024 10:30|01-02-2024 08:30|08.30-17.00|08:00-17:00|1.299.000|1 299 000|1299,00|0.123456789
ISBN 0-306-40615-2|978-0-306-40615-7|20240506123456|0612345678|13812345678|12345678
phone for 1.299.000|call in 2024-2025|+12 345 678|000123456789|4711|12-34|0 1 2 3 4 5 6 7 8 9
tel 01022020|tel 8.30-17.30|01040-2841|phone 94305-5015
"""


def split(table: str) -> list[str]:
    return [one for line in table.strip().splitlines() for one in line.split("|")]


def phones_in(text: str) -> list[str]:
    return [text[start:end] for kind, start, end in find_personal_data(text) if kind == "phone"]


@pytest.mark.parametrize("value", split(ALONE))
def test_a_number_in_the_grouping_of_telephones_needs_no_word(value):
    assert phones_in(value) == phones_in(f"Thanks, {value}.") == [value]


@pytest.mark.parametrize("text", split(BESIDE))
def test_any_grouping_will_do_beside_a_word_for_telephones(text):
    (value,) = phones_in(text)
    assert sum(map(str.isdigit, value)) == sum(map(str.isdigit, text))


@pytest.mark.parametrize("text", split(NO_PHONES))
def test_orders_dates_prices_and_plain_digits_are_left(text):
    assert find_personal_data(text) == []


@given(
    st.sampled_from([one for one in split(ALONE) if one.isascii()]),
    st.sampled_from("\u0660\u06f0\u0966\u0e50\uff10\u17e0\u1040"),
)
def test_the_digits_of_any_script_will_do(value, zero):
    assert phones_in(in_digits(value, zero)) == [in_digits(value, zero)]


def test_marks_that_nobody_sees_do_not_hide_a_number():
    value = "+49\u202c 30\u200b 12\u206034\ufeff567"
    assert phones_in(f"\u200e{value}\u200f") == [value]


def test_what_comes_after_a_whole_number_is_no_part_of_it():
    assert phones_in("06 12 34 56 78 24 rue") == ["06 12 34 56 78"]
    assert phones_in("030 1234567 2x") == ["030 1234567"]


def test_spellings_of_one_number_are_one():
    spellings = ["+49 (0)30 123-4567", "0049 30 1234567", "(+49) 30/1234567", "+٤٩٣٠١٢٣٤٥٦٧"]
    assert {normalize_phone(one) for one in spellings} == {"+49301234567"}
    assert normalize_phone("030 / 1234567") == "0301234567"
