"""What `dragoman.load` and a server ask of a bundle's folder outside a registry."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.registry.signed_world import World, make_world, spoil
from tests.training.world import small_spec, train_small

import dragoman
from dragoman.app import open_workspace
from dragoman.app.loading import TRUSTED_KEYS, trust_for
from dragoman.errors import NotFound, Untrusted
from dragoman.registry.manifest import MANIFEST_FILE, SIGNATURE_FILE, write_manifest


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def signed(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    trained = train_small(tmp_path_factory.mktemp("trained") / "run", small_spec(epochs=1)).folder
    return world.registry.fetch(world.register(trained))


@pytest.fixture
def folder(signed: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(signed, tmp_path / "bundle"))


@pytest.fixture(autouse=True)
def _no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TRUSTED_KEYS.variable, raising=False)


def forge(folder: Path) -> None:
    """Change a file, and the manifest with it."""
    (folder / "card.md").write_text("# forged\n")
    write_manifest(folder, model="small", task="text-classification")


def test_a_signed_folder_answers(folder: Path, world: World) -> None:
    with dragoman.load(folder, trusted_keys=world.trust.folder, threads=1) as model:
        assert model.predict("send the invoice")[0].label in ("invoice", "refund")


def test_with_trusted_keys_a_forged_folder_is_refused(folder: Path, world: World) -> None:
    forge(folder)

    with pytest.raises(Untrusted, match=r"'card\.md' was changed"):
        dragoman.load(folder, trusted_keys=str(world.trust.folder))


def test_without_trusted_keys_only_the_manifest_counts(folder: Path) -> None:
    forge(folder)
    dragoman.load(folder, threads=1).close()

    spoil(folder / "card.md")
    with pytest.raises(Untrusted, match=r"'card\.md' was changed"):
        dragoman.load(folder)


def test_the_environment_may_name_the_keys(folder: Path, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TRUSTED_KEYS.variable, str(world.trust.folder))
    dragoman.load(folder, threads=1).close()

    (folder / SIGNATURE_FILE).unlink()
    with pytest.raises(Untrusted, match="is not signed"):
        dragoman.load(folder)


def test_who_names_a_folder_without_keys_gets_nothing(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="trusts no key"):
        dragoman.load(folder, trusted_keys=tmp_path / "none")


def test_a_bundle_does_not_escape_as_another_kind_of_folder(folder: Path, world: World) -> None:
    (folder / MANIFEST_FILE).unlink()

    with pytest.raises(Untrusted, match="is not a bundle, so nobody has signed it"):
        dragoman.load(folder, trusted_keys=world.trust.folder)


def test_a_server_in_a_workspace_with_keys_asks_for_them_of_bundles_only(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "dragoman.toml").write_text("")
    place = open_workspace(tmp_path / "shop")
    assert trust_for(folder, place) is None

    place.keychain.make()

    trust = trust_for(folder, place)
    assert trust is not None
    assert trust.folder == tmp_path / "shop" / "keys"
    assert trust_for(tmp_path, place) is None


def test_a_server_whose_setting_names_no_keys_refuses_bundles(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "dragoman.toml").write_text('trusted_keys = "none"')

    with pytest.raises(NotFound, match="trusts no key"):
        trust_for(folder, open_workspace(tmp_path))
