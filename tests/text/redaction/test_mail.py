from __future__ import annotations

import unicodedata

import pytest

from dragoman.text.redaction import find_personal_data
from dragoman.text.redaction.mail import normalize_email

FOUND = [
    ("Write to John.Doe+tag@mail.Example.COM.", "John.Doe+tag@mail.Example.COM"),
    ("<o'brien@example.co.uk>", "o'brien@example.co.uk"),
    ("mailto:a_b-c%d@sub.example.museum?subject=x", "a_b-c%d@sub.example.museum"),
    ('"john doe"@example.com', '"john doe"@example.com'),
    ("root@[192.168.0.1]", "root@[192.168.0.1]"),
    ("root@192.168.0.1", "root@192.168.0.1"),
    ("josé.müller@müller.de schrieb", "josé.müller@müller.de"),
    ("почта:иван2@почта.рф, спасибо", "иван2@почта.рф"),
    ("联系zhang@example.com谢谢", "zhang@example.com"),
    ("我的邮箱是123456@qq.com。谢谢", "123456@qq.com"),
    ("发给 用户@例子.公司请回复", "用户@例子.公司"),
    ("メールはtaro@example.comまで。", "taro@example.com"),
    ("taro＠ｅｘａｍｐｌｅ．ｃｏｍです", "taro＠ｅｘａｍｐｌｅ．ｃｏｍ"),
    ("taro@example。co。jpへ", "taro@example。co。jp"),
    ("ติดต่อsomchai@example.co.thครับ", "somchai@example.co.th"),
    ("메일은kim@example.com으로", "kim@example.com"),
    ("البريد ali@example.com، شكرا", "ali@example.com"),
    ("📧john@example.com📞", "john@example.com"),
    ("me@exa\u200bmple.com", "me@exa\u200bmple.com"),
    ("see a@b.com.Please answer", "a@b.com"),
    ("a@xn--mller-kva.de", "a@xn--mller-kva.de"),
    ("x@example.com4111", "x@example.com"),
]


@pytest.mark.parametrize(("text", "value"), FOUND)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_an_address_is_found_whole(text, value, form):
    text, value = unicodedata.normalize(form, text), unicodedata.normalize(form, value)
    (found,) = find_personal_data(text)
    assert (found.kind, text[found.start : found.end]) == ("email", value)


@pytest.mark.parametrize(
    "text", ["@john", "3 @ 5.99", "a@b", "a@", "@@", "a@.com", "a@b.1", "price@9.99EUR", "x@-.com"]
)
def test_other_uses_of_the_sign_are_left(text):
    assert find_personal_data(text) == []


def test_a_local_part_is_read_back_at_most_64_characters():
    text = "a" * 100 + "@example.com"
    (found,) = find_personal_data(text)
    assert (found.start, found.end) == (36, len(text))


def test_spellings_of_one_address_are_one():
    spellings = [
        "jos\u00e9@Example.com",
        "jose\u0301@example.COM",
        "jos\u00e9＠example。com",
        "jos\u00e9@exam\u200bple.com",
    ]
    assert {normalize_email(one) for one in spellings} == {"jos\u00e9@example.com"}
    assert normalize_email("A@example.com") != normalize_email("a@example.com")
