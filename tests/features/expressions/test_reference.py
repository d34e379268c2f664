"""The reference page names everything that there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from dragoman.features.expressions import FUNCTIONS, KINDS

PAGE = (Path(__file__).parents[3] / "docs" / "feature-expressions.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", list(FUNCTIONS))
def test_every_function_is_in_the_reference(name):
    assert f"`{name}`" in PAGE


@pytest.mark.parametrize("kind", KINDS)
def test_every_aggregate_is_in_the_reference(kind):
    assert f"`a.{kind}()`" in PAGE
