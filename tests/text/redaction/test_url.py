from __future__ import annotations

import pytest

from dragoman.text.redaction import find_personal_data
from dragoman.text.redaction.url import normalize_url

FOUND = [
    ("see https://example.com/a?b=c#d.", "https://example.com/a?b=c#d"),
    ("HTTP://user:pass@Example.com:8080/", "HTTP://user:pass@Example.com:8080/"),
    ("(ftp://files.example.com)", "ftp://files.example.com"),
    ("https://en.wikipedia.org/wiki/A_(b), ok", "https://en.wikipedia.org/wiki/A_(b)"),
    ("http://[2001:db8::1]:80/x", "http://[2001:db8::1]:80/x"),
    ("http://localhost:8080/admin", "http://localhost:8080/admin"),
    ("Go to www.example.de!", "www.example.de"),
    ("WWW.example.de/kontakt?id=5", "WWW.example.de/kontakt?id=5"),
    ("bit.ly/3xYz", "bit.ly/3xYz"),
    ("shop24.example.co.uk:8443/p/1,", "shop24.example.co.uk:8443/p/1"),
    ("пример.рф/путь", "пример.рф/путь"),
    ("请看https://example.com/a谢谢", "https://example.com/a"),
    ("https://zh.wikipedia.org/wiki/北京 很好", "https://zh.wikipedia.org/wiki/北京"),
    ("「https://example.com」です", "https://example.com"),
    ("ดูhttps://example.comครับ", "https://example.com"),
    ("https://example.com/a，谢谢", "https://example.com/a"),
    ("الرابط https://example.com/x، شكرا", "https://example.com/x"),
]


@pytest.mark.parametrize(("text", "value"), FOUND)
def test_a_url_is_found_whole(text, value):
    (found,) = find_personal_data(text)
    assert (found.kind, text[found.start : found.end]) == ("url", value)


@pytest.mark.parametrize(
    "text",
    ["and/or", "example.com", "12.5/km", "://x", "http://", "src/foo.py/bar", "e.g./i.e.", "www.", "www.x", "24/7"],
)
def test_what_only_resembles_a_url_is_left(text):
    assert find_personal_data(text) == []


def test_scheme_and_host_are_compared_in_small_letters_and_the_path_is_not():
    assert normalize_url("HTTPS://Me:Pw@Example.COM/Path") == "https://Me:Pw@example.com/Path"
    assert normalize_url("Example.COM/Path") == "example.com/Path"
