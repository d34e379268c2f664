from __future__ import annotations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from dragoman.deploy.yaml_text import yaml_text

KEYS = st.from_regex(r"[a-z_]{1,12}", fullmatch=True).filter(
    lambda key: key not in ("y", "n", "no", "on", "off", "yes", "true", "false", "null")
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
DATA = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=20
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(KEYS, DATA, max_size=5))
def test_what_is_written_reads_the_same(data):
    assert yaml.safe_load(yaml_text(data)) == data


TEXTS = ["", "no", "1e3", "0777", "a: b", "# no", "it's", 'say "no"', 'it\'s "no"', "- a", "{{ $value }}", "%", "\t"]
LINES = [
    "a\n",
    "a\nb",
    "a\nb\n",
    "a\n\nb\n",
    " a\nb\n",
    "\na\n",
    "a\n b\n",
    "a\tb\nc\n",
    "a\r\nb\n",
    "🙂\x85\u2028\x7f\ufeff",
]


@pytest.mark.parametrize("text", [*TEXTS, *LINES])
def test_no_text_is_read_as_something_else(text):
    assert yaml.safe_load(yaml_text({"key": text, "list": [text, [text]], "map": [{"key": text}]})) == {
        "key": text, "list": [text, [text]], "map": [{"key": text}]}  # fmt: skip


def test_lines_are_a_block():
    assert yaml_text({"expr": "a\n  and b\n"}) == "expr: |\n  a\n    and b\n"


def test_the_comment_stands_first():
    assert yaml_text({"a": 1}, comment="Made.\n\nTwice.") == "# Made.\n#\n# Twice.\na: 1\n"


def test_what_is_no_number_is_refused():
    with pytest.raises(ValueError, match="not JSON compliant"):
        yaml_text({"a": float("nan")})
