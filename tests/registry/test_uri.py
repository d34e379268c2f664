from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.errors import InvalidRequest
from dragoman.registry.uri import ModelUri, is_model_uri, parse_model_uri

NAMES = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,20}", fullmatch=True)
ALIASES = st.from_regex(r"[a-z][a-z0-9_-]{0,10}", fullmatch=True)
PREFIXES = st.sampled_from(["", "models:/"])


@given(PREFIXES, NAMES, st.integers(1, 10**6))
def test_a_number_names_a_version(prefix: str, name: str, number: int) -> None:
    assert parse_model_uri(f"{prefix}{name}/{number}") == ModelUri(name, number, None)


@given(PREFIXES, NAMES, ALIASES)
def test_an_alias_names_what_it_points_at(prefix: str, name: str, alias: str) -> None:
    assert parse_model_uri(f"{prefix}{name}@{alias}") == ModelUri(name, None, alias)


@given(PREFIXES, NAMES)
def test_a_name_alone_means_the_champion(prefix: str, name: str) -> None:
    assert parse_model_uri(prefix + name) == ModelUri(name, None, "champion")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "models:/",
        "Support",
        "support/",
        "support/0",
        "support/03",
        "support/-1",
        "support/1.0",
        "support/latest",
        "support@",
        "support@Champion",
        "support@1",
        "support@champion/1",
        "support/1@champion",
        "models://support/1",
        "models:/models:/support",
        "-support",
        "../support",
        "sup port",
        "support\n",
        "support/1\n",
        "support@champion\n",
        "ｓupport",
        "support/١",
        "support/" + "9" * 5_000,
    ],
    ids=lambda text: ascii(text)[:30],
)
def test_anything_else_names_no_model(text: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        parse_model_uri(text)

    assert repr(text)[:20] in refusal.value.message
    assert "models:/NAME/3" in refusal.value.help


def test_a_prefix_tells_a_uri_from_a_folder() -> None:
    assert is_model_uri("models:/support")
    assert not is_model_uri("support")
    assert not is_model_uri("./models:/support")
