"""No text makes the work grow faster than its length."""

from __future__ import annotations

import importlib
import pkgutil
import re
import sys
from re import _parser as parser

import pytest

from dragoman.text import redaction
from dragoman.text.redaction import find_personal_data
from dragoman.text.redaction.ids import RULES

HOSTILE = [
    *(
        "1",
        "1-",
        "1 ",
        "12 ",
        "1.",
        "1:",
        "(1",
        "+1 ",
        "1,00 ",
        "12:30 ",
        "1.1.1.1 ",
        "123456782 ",
        "AB12",
        "((",
        "order tel ",
    ),
    *(
        "@",
        "a",
        "a@",
        "a@a.",
        "@a.",
        "a@" + "a." * 130,
        "a\u3002",
        "\u5317@",
        "\uff20",
        "[EMAIL:",
        "[EMAIL:0123456789abcdef]",
    ),
    *("http://", "http://a ", "http://a" + ")" * 99, "://", "//", "/", ".com/", "a.com/ ", "a.com", "www.", "www.a."),
    *(":", "::", "::1 ", "tel 12345678 ", "06 12 34 56 78 ", "1\u200d", "\u200b", "\u0661", "1\u30fc"),
    *("12345678 Z ", "12345678 ", "1234 5678 ", "(12345678)", "order 1234 ", "4711, call ", "1. ", "12 000 ", "8 612 "),
    *("\u0e2b\u0e21.la/", "\u0e2b.", "2001:db8::1\u0e16", "\u0915\u093f.", "3.12.0.16 version ", "(8 612) "),
    *("DE89", "DE89 ", "DE89 3704 0044 0532 0130 01 ", "DE89 3704 0044 0532 0130 00 ", "GB29 NWBK "),
]
SIZE = 2_000
UNBOUNDED = parser.MAXREPEAT


def work(text: str) -> int:
    """Calls of functions, Python's and the interpreter's own, that finding takes."""
    calls = 0

    def count(frame, event, argument):
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        find_personal_data(text)
    finally:
        sys.setprofile(before)
    return calls


@pytest.mark.parametrize("piece", HOSTILE, ids=ascii)
def test_twice_the_text_takes_at_most_about_twice_the_calls(piece):
    once, twice = (work(piece * (size // len(piece))) for size in (SIZE, 2 * SIZE))
    assert twice <= 2.2 * once + 100


@pytest.mark.parametrize("piece", HOSTILE, ids=ascii)
def test_a_character_takes_a_bounded_number_of_calls(piece):
    assert work(piece * (SIZE // len(piece))) <= 150 * SIZE


def patterns() -> dict[str, str]:
    """Every regular expression of the package, by name."""
    found = {f"{rule.kind}": rule.pattern.pattern for rule in RULES}
    for module in pkgutil.iter_modules(redaction.__path__, f"{redaction.__name__}."):
        for name, value in vars(importlib.import_module(module.name)).items():
            if isinstance(value, re.Pattern):
                found[f"{module.name}.{name}"] = value.pattern
    return found


def repeats(tree, depth: int = 0):
    """How many unbounded repetitions that can be taken back lie in each other, for each place of an expression."""
    for operator, argument in tree:
        name = str(operator)
        is_loop = name in {"MAX_REPEAT", "MIN_REPEAT"} and argument[1] == UNBOUNDED
        yield depth + is_loop
        for part in argument if isinstance(argument, (tuple, list)) else [argument]:
            for inner in part if isinstance(part, list) else [part]:
                if isinstance(inner, parser.SubPattern):
                    yield from repeats(inner, depth + is_loop)


@pytest.mark.parametrize("pattern", patterns().values(), ids=patterns().keys())
def test_no_expression_repeats_without_bound_inside_such_a_repetition(pattern):
    flags = re.VERBOSE if "\n" in pattern and "#" in pattern else 0
    assert max(repeats(parser.parse(pattern, flags)), default=0) <= 1


def test_the_check_sees_a_repetition_inside_a_repetition():
    assert max(repeats(parser.parse("(a+)*b"))) == 2
    assert max(repeats(parser.parse("(?:x|(?:ab*)*)"))) == 2
    assert max(repeats(parser.parse("(a++)*+b"))) == 0
