from __future__ import annotations

from collections.abc import Iterator

import pytest

from dragoman.errors import ModelNotReady, NotFound
from dragoman.serving.fakes import fake_model
from dragoman.serving.table import ModelTable


@pytest.fixture
def table() -> Iterator[ModelTable]:
    table = ModelTable()
    for version, aliases in (("1", ["old"]), ("2", ["champion"]), ("10", [])):
        table.add(fake_model(version=version), aliases=aliases)
    yield table
    table.close()


@pytest.mark.parametrize(
    ("reference", "version"),
    [("support", "2"), ("support@champion", "2"), ("support@old", "1"), ("support/10", "10"), ("support/1", "1")],
)
def test_a_reference_finds_its_version(table: ModelTable, reference: str, version: str) -> None:
    assert table.get(reference).version == version


def test_without_a_champion_a_name_means_the_version_added_last() -> None:
    table = ModelTable()
    for version in ("9", "10"):
        table.add(fake_model(version=version))
    assert table.get("support").version == "10"
    table.close()


@pytest.mark.parametrize(
    ("reference", "message", "help"),
    [
        ("suport", "no model 'suport'", "did you mean 'support'?"),
        ("support/3", "no version '3' here", "versions: 1, 2, 10."),
        ("support@best", "no alias 'best'", "aliases: champion, old; versions: 1, 2, 10."),
        ("support/1/2", "no version '1/2'", "versions: 1, 2, 10."),
    ],
)
def test_an_unknown_reference_names_what_there_is(table: ModelTable, reference: str, message: str, help: str) -> None:
    with pytest.raises(NotFound, match=message) as caught:
        table.get(reference)
    assert caught.value.help == help


def test_an_empty_table_says_that_nothing_is_loaded() -> None:
    with pytest.raises(NotFound, match="no model 'support'") as caught:
        ModelTable().get("support")
    assert caught.value.help == "no model is loaded."


def test_an_alias_moves_to_the_model_added_with_it(table: ModelTable) -> None:
    table.add(fake_model(version="11"), aliases=["champion"])
    assert {row.version: row.aliases for row in table.rows()} == {"1": ["old"], "2": [], "10": [], "11": ["champion"]}


def test_closing_closes_every_model(table: ModelTable) -> None:
    model = table.get("support")
    table.close()
    assert table.rows() == []
    with pytest.raises(ModelNotReady):
        model.predict("order")
