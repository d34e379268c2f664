from __future__ import annotations

import pytest

from dragoman.text.redaction import Finding, find_personal_data
from dragoman.text.redaction.ip import normalize_ip

FOUND = [
    ("from 192.168.0.12.", "192.168.0.12"),
    ("10.20.30.40/24 and", "10.20.30.40"),
    ("[203.0.113.7]:8080", "203.0.113.7"),
    ("地址是203.0.113.7的服务器", "203.0.113.7"),
    ("٢٠٣.٠.١١٣.٧", "٢٠٣.٠.١١٣.٧"),
    ("2001:db8::1", "2001:db8::1"),
    ("IP:2001:0DB8:0000:0000:0000:0000:0000:0001.", "2001:0DB8:0000:0000:0000:0000:0000:0001"),
    ("[fe80::1ff:fe23:4567:890a]", "fe80::1ff:fe23:4567:890a"),
    ("::ffff:203.0.113.7", "::ffff:203.0.113.7"),
]
OTHERS = """
256.1.1.1000|1.2.3.4|v10.20.30.40|version 10.20.30.40|Chrome 120.0.6099.130|10.20.30.040|1.22.33.44.5|12:30:45|10::30
std::vector|a::b|1:22:33:44|:::|12:30
"""


@pytest.mark.parametrize(("text", "value"), FOUND)
def test_an_address_is_found(text, value):
    start = text.index(value)
    assert find_personal_data(text) == [Finding("ip", start, start + len(value))]


@pytest.mark.parametrize("text", OTHERS.replace("\n", "|").strip("|").split("|"))
def test_versions_chapters_and_times_are_left(text):
    assert find_personal_data(text) == []


def test_spellings_of_one_address_are_one():
    assert normalize_ip("2001:0DB8:0:0::1") == normalize_ip("2001:db8::0001") == "2001:db8::1"
    assert normalize_ip("not one") == "not one"
