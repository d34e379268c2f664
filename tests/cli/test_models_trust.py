from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.registry.signed_world import spoil
from tests.training.world import small_spec, train_small

from dragoman.app import Workspace, open_workspace
from dragoman.cli import cli
from dragoman.errors import Conflict, InvalidInput, NotFound
from dragoman.registry.registry import Registry


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train_small(tmp_path_factory.mktemp("trained") / "run", small_spec(epochs=1)).folder


@pytest.fixture
def place(tmp_path: Path, trained: Path) -> Workspace:
    """A workspace with one signed version."""
    (tmp_path / "dragoman.toml").write_text("")
    place = open_workspace(tmp_path)
    place.keychain.make(name="ci")
    place.registry.register(trained, run="r", owner="o", created="c")
    return place


@pytest.fixture
def old_place(tmp_path: Path, trained: Path) -> Workspace:
    """A workspace from before bundles were signed."""
    (tmp_path / "dragoman.toml").write_text("")
    place = open_workspace(tmp_path)
    Registry(place.catalog, place.blobs, place.state / "bundles").register(trained, run="r", owner="o", created="c")
    place.catalog.move_alias("small", "champion", 1, expected=None)
    return place


def run(place: Workspace, *arguments: object) -> Result:
    return CliRunner().invoke(cli, ["models", *map(str, arguments), "-w", str(place.root)], catch_exceptions=False)


def test_a_good_version_passes(place: Workspace) -> None:
    done = run(place, "verify", "small/1")

    assert done.exit_code == 0, done.output
    head, *lines = done.stdout.splitlines()
    assert head.startswith("models:/small/1, bundle ")
    assert [line.split(":")[0].split() for line in lines] == [["ok", "files"], ["ok", "signature"], ["ok", "tokenizer"]]


def test_a_changed_version_does_not_and_the_exit_code_says_so(place: Workspace) -> None:
    spoil(place.registry.fetch(place.registry.resolve("small/1")) / "model.safetensors")

    done = run(place, "verify", "small/1")

    assert done.exit_code == 1
    assert "WRONG  files: " in done.stdout
    assert "'model.safetensors' was changed (expected " in done.stdout


def test_json_has_the_checks_and_the_promotions(place: Workspace) -> None:
    run(place, "promote", "small/1", "--reason", "It is the first.")

    found = json.loads(run(place, "verify", "small", "--json").stdout)

    assert found["ok"]
    assert [check["what"] for check in found["checks"]] == ["files", "signature", "tokenizer", "promotion", "champion"]
    assert (found["promotions"][0]["reason"], found["promotions"][0]["version"]) == ("It is the first.", 1)


def test_a_version_from_before_is_adopted_by_a_person(old_place: Workspace) -> None:
    assert run(old_place, "verify", "small").exit_code == 1
    old_place.keychain.make()

    assert "models:/small/1 is signed" in run(old_place, "sign", "small", "--reason", "I have trained it.").stdout
    run(old_place, "promote", "small/1", "--reason", "It has been the champion.")

    assert run(old_place, "verify", "small").exit_code == 0
    (row,) = old_place.catalog.audit_rows(action="signature.added")[:1]
    assert row.detail["reason"] == "I have trained it."


def test_signing_without_a_key_says_how_to_make_one(old_place: Workspace) -> None:
    with pytest.raises(NotFound) as refusal:
        run(old_place, "sign", "small", "--reason", "I have trained it.")
    assert "dragoman keys signing" in refusal.value.help


@pytest.mark.parametrize("arguments", [("sign", "small/1"), ("promote", "small/1"), ("alias", "small@best", 1)])
def test_nothing_is_done_without_a_reason(arguments: tuple[object, ...], place: Workspace) -> None:
    done = run(place, *arguments)

    assert done.exit_code == 2
    assert "Missing option '--reason'" in done.stderr
    with pytest.raises(InvalidInput, match="without a reason"):
        run(place, *arguments, "--reason", " ")


def test_a_promotion_says_what_gave_way(place: Workspace) -> None:
    first = run(place, "promote", "small/1", "--reason", "It is the first.").stdout
    again = run(place, "promote", "models:/small/1", "--expected", 1, "--reason", "Looked at again.").stdout

    assert first == "models:/small/1 is the champion.\n"
    assert again == "models:/small/1 is the champion, as it was.\n"


def test_a_champion_that_is_not_the_expected_one_stays(place: Workspace) -> None:
    with pytest.raises(Conflict):
        run(place, "promote", "small/1", "--expected", 7, "--reason", "It is better.")
    assert place.catalog.alias("small", "champion") is None


@pytest.mark.parametrize("version", ["small", "small@best"])
def test_what_is_promoted_is_a_version(version: str, place: Workspace) -> None:
    with pytest.raises(InvalidInput, match="does not name a version") as refusal:
        run(place, "promote", version, "--reason", "It is better.")
    assert refusal.value.help == "Write small/NUMBER."


def test_an_alias_is_moved_and_removed_with_a_reason(place: Workspace) -> None:
    assert run(place, "alias", "small@best", 1, "--reason", "try").stdout == "small@best points at version 1.\n"
    assert run(place, "alias", "small@best", "--remove", "--reason", "tried").stdout == "small@best is removed.\n"

    assert [row.detail["reason"] for row in place.catalog.audit_rows(action="alias.")] == ["try", "tried"]


@pytest.mark.parametrize("arguments", [(), (1, "--remove")])
def test_an_alias_is_either_moved_or_removed(arguments: tuple[object, ...], place: Workspace) -> None:
    done = run(place, "alias", "small@best", *arguments, "--reason", "try")

    assert done.exit_code == 2
    assert "either a NUMBER or --remove" in done.stderr


@pytest.mark.parametrize("alias", ["small", "small/1", "small@champion"])
def test_the_champion_is_not_moved_like_other_aliases(alias: str, place: Workspace) -> None:
    with pytest.raises(InvalidInput):
        run(place, "alias", alias, 1, "--reason", "try")
