from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.text.redaction.values import CARDS, FORMATTED, IBANS

from dragoman.errors import InvalidInput
from dragoman.text.redaction import KINDS, Redactor, find_personal_data

REDACTOR = Redactor(bytes(range(32)))
VALUES = [
    "AB 12 34 56 C",
    "RSS MRA 85T10 A562S",
    *FORMATTED.values(),
    *IBANS,
    *CARDS,
    "a@b.com",
    "http://x.de/a",
    "www.x.de",
    "x.de/a",
    "10.20.30.40",
    "fe80::1ff:1",
]
WORDS = (
    "tel",
    "BSN",
    "order no.",
    "version",
    "IBAN",
    "GB29",
    "Z",
    "\u00e9",
    "\u5317\u4eac",
    "\u0e04\u0e19",
    "\ud55c\uad6d",
)
NUMBERS = ("123456782", "0612345678", "8112189876", "2", "12", "1234", "12:30", "1.299,00", "\u0661\u0662\u0663", "3f")
SIGNS = (
    *"@[]()-+/.:,= \n\u200b\u0301\u30fc\u3002",
    "://",
    "::",
    "www.",
    ".com/",
    "[EMAIL:",
    "[PHONE:0123456789012345]",
)
PIECES = st.sampled_from((*VALUES, *WORDS, *NUMBERS, *SIGNS))
TEXTS = st.one_of(
    st.text(max_size=60),
    st.text("0123456789 -./+()@:aZ\u200b\u0660[]", max_size=60),
    st.lists(st.one_of(PIECES, st.just(" ")), max_size=14).map("".join),
)
PSEUDONYM = re.compile(r"\[([A-Z_]+):[0-9a-f]{16}\]")


@settings(max_examples=1500)
@given(TEXTS)
def test_redacting_a_redacted_text_changes_nothing(text):
    once = REDACTOR.redact(text)
    assert REDACTOR.redact(once) == once


@settings(max_examples=500)
@given(TEXTS)
def test_only_what_was_found_is_replaced(text):
    redacted, place = REDACTOR.redact(text), 0
    expected = ""
    for kind, start, end in find_personal_data(text):
        assert place <= start < end <= len(text)
        expected += f"{text[place:start]}[{kind.upper()}:{REDACTOR.pseudonym(text[start:end], kind=kind)}]"
        place = end
    assert redacted == expected + text[place:]


@given(st.text(st.characters(), max_size=80))
def test_no_text_makes_it_fail(text):
    assert isinstance(REDACTOR.redact(text), str)


def test_a_lone_surrogate_is_redacted_like_any_character():
    assert REDACTOR.redact("\udc80a@b.com\udc80") == f"\udc80{REDACTOR.redact('a@b.com')}\udc80"
    assert len(REDACTOR.pseudonym("\udc80", kind="subject")) == 16


@pytest.mark.parametrize("value", VALUES)
def test_a_value_is_replaced_by_its_kind_and_a_pseudonym(value):
    redacted = REDACTOR.redact(f"Hello {value} there")
    assert PSEUDONYM.fullmatch(redacted.removeprefix("Hello ").removesuffix(" there"))


@pytest.mark.parametrize(
    "spellings",
    [
        ("a@Example.com", "a@example.COM", "a＠example.com"),
        ("+49 30 1234567", "0049 (30) 123-4567", "+٤٩ ٣٠ ١٢٣٤٥٦٧"),
        ("4111 1111 1111 1111", "4111-1111-1111-1111", "４１１１１１１１１１１１１１１１"),
        ("DE89 3704 0044 0532 0130 00", "de89370400440532013000"),
        ("811218-9876", "19811218-9876"),
        ("fe80::1ff:1", "FE80:0:0:0:0:0:01ff:1"),
        ("HTTP://Example.com/a", "http://example.com/a"),
    ],
)
def test_spellings_of_one_value_have_one_pseudonym(spellings):
    assert len({REDACTOR.redact(one) for one in spellings}) == 1
    assert PSEUDONYM.fullmatch(REDACTOR.redact(spellings[0]))


def test_keys_and_kinds_tell_pseudonyms_apart():
    other = Redactor(b"another key, long enough")
    found = {one.pseudonym("1", kind=kind) for one in (REDACTOR, other) for kind in ("phone", "card", "subject")}
    assert len(found) == 6


def test_a_pseudonym_is_the_hmac_of_kind_and_value():
    assert REDACTOR.pseudonym("user-7", kind="subject") == "4b5d3a1b034944d2"


def test_only_the_wanted_kinds_are_replaced():
    redactor = Redactor(bytes(16), kinds=["phone"])
    assert redactor.redact("a@b.com +49 30 1234567").startswith("a@b.com [PHONE:")


def test_a_short_key_is_refused():
    with pytest.raises(InvalidInput, match="15 bytes; at least 16"):
        Redactor(bytes(15))


def test_an_unknown_kind_is_refused_with_the_nearest():
    with pytest.raises(InvalidInput, match="'e-mail' is not known") as caught:
        Redactor(bytes(16), kinds=["e-mail"])
    assert caught.value.help == "Did you mean 'email'?"


def test_threads_may_share_it():
    texts = [f"a{number}@b.com, +49 30 {number:07d}" for number in range(200)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(REDACTOR.redact, texts)) == [REDACTOR.redact(text) for text in texts]


def test_a_kind_is_written_as_in_the_list_of_kinds():
    assert {kind for value in VALUES for kind in PSEUDONYM.findall(REDACTOR.redact(value))} <= {
        one.upper() for one in KINDS
    }
