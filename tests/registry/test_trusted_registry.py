from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from tests.registry.conftest import FILES
from tests.registry.signed_world import ANNA, World, make_world, official, spoil

from dragoman.errors import Conflict, InvalidInput, NotFound, Untrusted
from dragoman.records import By, Signature, Version
from dragoman.registry import manifest
from dragoman.registry.keys import new_key
from dragoman.registry.manifest import MANIFEST_FILE, SIGNATURE_FILE, digest_of, read_manifest, write_manifest
from dragoman.registry.registry import Registry

MakeFolder = Callable[..., Path]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path)


def unsigned(world: World, folder: Path) -> Version:
    """A version from before bundles were signed."""
    plain = Registry(world.catalog, world.registry.blobs, world.registry.cache)
    return plain.register(folder, run="r", owner="o", created="c")


def replace_signatures(world: World, version: Version, *contents: str) -> None:
    """What somebody could do who writes to the catalog's database."""
    (old, *_) = world.catalog.signatures(version.bundle)
    world.catalog._signatures[version.bundle] = [msgspec.structs.replace(old, content=one) for one in contents]


# Registering


def test_what_is_registered_is_signed_and_its_digest_stays(world: World, folder: Path) -> None:
    version = world.register(folder)

    (signature,) = world.catalog.signatures(version.bundle)
    assert version.bundle == digest_of(read_manifest(folder))
    assert (signature.kind, signature.key) == ("bundle", world.signer.fingerprint)
    assert not (folder / SIGNATURE_FILE).exists()


def test_the_same_bundle_again_is_not_signed_again(world: World, make_folder: MakeFolder) -> None:
    version = world.register(make_folder("one"))

    assert world.register(make_folder("two")) == version
    assert len(world.catalog.signatures(version.bundle)) == 1


def test_a_forged_signature_in_the_keys_name_does_not_keep_it_from_signing(
    world: World, make_folder: MakeFolder
) -> None:
    version = world.register(make_folder("one"))
    replace_signatures(world, version, "{}")

    world.register(make_folder("two"))

    assert world.registry.fetch(version)


def test_without_a_key_nothing_is_registered(tmp_path: Path, folder: Path) -> None:
    world = make_world(tmp_path, with_key=False)

    with pytest.raises(NotFound, match="There is no signing key"):
        world.register(folder)
    assert world.catalog.models() == []


# Loading


def test_a_fetched_folder_is_signed_for_everyone(world: World, folder: Path) -> None:
    fetched = world.registry.fetch(world.register(folder))

    assert {path: (fetched / path).read_bytes() for path in FILES} == FILES
    done = official(
        "verify", "key", fetched, "--signature", fetched / SIGNATURE_FILE, "--public_key", world.trust.keys[0].path
    )
    assert done.returncode == 0, done.stderr


def test_a_verified_version_comes_with_manifest_and_key(world: World, folder: Path) -> None:
    found = world.registry.verified(world.register(folder))

    assert found.manifest == read_manifest(folder)
    assert found.key is not None
    assert found.key.name == "own"


def test_an_unsigned_version_is_refused_with_the_command_that_signs(world: World, folder: Path) -> None:
    version = unsigned(world, folder)

    with pytest.raises(Untrusted, match=r"models:/small/1 is not signed\.") as refusal:
        world.registry.fetch(version)
    assert "`dragoman models sign small/1 --reason TEXT`" in refusal.value.help


def change_file(folder: Path) -> None:
    spoil(folder / "model.safetensors")


def change_with_manifest(folder: Path) -> None:
    change_file(folder)
    write_manifest(folder, model="small", task="text-classification")


def reformat_manifest(folder: Path) -> None:
    (folder / MANIFEST_FILE).write_text(json.dumps(json.loads((folder / MANIFEST_FILE).read_text())))


def remove_file(folder: Path) -> None:
    (folder / "card.md").unlink()


def add_file(folder: Path) -> None:
    (folder / "new.txt").write_text("new")


def link_file(folder: Path) -> None:
    shutil.move(folder / "card.md", folder.parent / "card.md")
    (folder / "card.md").symlink_to(folder.parent / "card.md")


def change_signature(folder: Path) -> None:
    spoil(folder / SIGNATURE_FILE)


@pytest.mark.parametrize(
    ("tamper", "message"),
    [
        (change_file, "'model.safetensors' was changed (expected 5120 bytes, sha256"),
        (change_with_manifest, "is not the one of models:/small/1"),
        (reformat_manifest, "is not the one of models:/small/1"),
        (remove_file, "'card.md' is missing (8 bytes, sha256"),
        (add_file, "'new.txt' was added (3 bytes, sha256"),
        (link_file, "holds 'card.md', which is a link"),
        (change_signature, "'model.sig' in"),
    ],
)
def test_a_folder_that_was_tampered_with_is_refused(
    tamper: Callable[[Path], None], message: str, world: World, folder: Path
) -> None:
    version = world.register(folder)
    tamper(world.registry.fetch(version))

    for _ in range(2):
        with pytest.raises(Untrusted) as refusal:
            world.registry.fetch(version)
        assert message in refusal.value.message


def test_a_catalog_that_points_at_another_bundle_of_the_model_is_refused_without_its_signature(
    world: World, make_folder: MakeFolder
) -> None:
    good, bad = world.register(make_folder("good")), unsigned(world, make_folder("bad", **{"card.md": b"# bad\n"}))

    with pytest.raises(Untrusted, match="is not signed"):
        world.registry.fetch(msgspec.structs.replace(good, bundle=bad.bundle))


def test_a_signed_bundle_of_another_model_is_refused(world: World, make_folder: MakeFolder) -> None:
    version, other = world.register(make_folder("one")), world.register(make_folder("two", model="other"))

    with pytest.raises(Untrusted, match=r"is not the one of models:/small/1"):
        world.registry.fetch(msgspec.structs.replace(version, bundle=other.bundle))


def test_a_signature_of_another_bundle_is_refused_with_the_difference(world: World, make_folder: MakeFolder) -> None:
    version, other = world.register(make_folder("one")), world.register(make_folder("two", **{"card.md": b"# 2\n"}))
    replace_signatures(world, version, world.catalog.signatures(other.bundle)[0].content)

    with pytest.raises(Untrusted, match=r"is not what own .* has signed: 'card\.md' was changed"):
        world.registry.fetch(version)


def test_a_signature_by_a_stranger_is_refused_by_its_fingerprint(world: World, folder: Path, tmp_path: Path) -> None:
    version, stranger = world.register(folder), make_world(tmp_path / "elsewhere")
    stranger.register(folder)
    replace_signatures(world, version, stranger.catalog.signatures(version.bundle)[0].content)

    with pytest.raises(Untrusted, match=f"a key that is not trusted: {stranger.signer.fingerprint}"):
        world.registry.fetch(version)


@pytest.mark.parametrize("content", ["", "{", "[]", "null"])
def test_a_broken_signature_is_refused(content: str, world: World, folder: Path) -> None:
    version = world.register(folder)
    replace_signatures(world, version, content)

    with pytest.raises(Untrusted, match="is not a Sigstore bundle"):
        world.registry.fetch(version)


def test_a_promotion_is_no_signature_of_a_bundle(world: World, folder: Path) -> None:
    version = world.register(folder)
    world.registry.promote("small", 1, expected=None, by=ANNA)
    replace_signatures(world, version, world.catalog.signatures(version.bundle)[1].content)

    with pytest.raises(Untrusted, match="is a urn:dragoman:promotion:v1"):
        world.registry.fetch(version)


def test_one_trusted_signature_among_bad_ones_is_enough(world: World, folder: Path) -> None:
    version = world.register(folder)
    good = world.catalog.signatures(version.bundle)[0].content
    replace_signatures(world, version, "{}", good, "[]")

    assert world.registry.fetch(version)


def test_a_key_that_is_not_trusted_any_more_is_refused_at_the_next_load(world: World, folder: Path) -> None:
    version = world.register(folder)
    world.registry.fetch(version)

    world.keys.remove("own")

    with pytest.raises(Untrusted, match="a key that is not trusted"):
        world.registry.fetch(version)


def test_a_removed_signature_file_is_laid_there_again(world: World, folder: Path) -> None:
    version = world.register(folder)
    signature = world.registry.fetch(version) / SIGNATURE_FILE
    signature.unlink()

    world.registry.fetch(version)

    assert signature.read_text() == world.catalog.signatures(version.bundle)[0].content


def test_every_file_is_read_once_when_a_version_is_loaded(
    world: World, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version, read = world.register(folder), []
    describe = manifest._describe
    monkeypatch.setattr(manifest, "_describe", lambda path, base: (read.append(path.name), describe(path, base))[1])

    world.registry.verified(version)

    assert len(read) == len(FILES)


# Signing by a person


def test_a_version_that_was_never_signed_is_signed_by_a_person(world: World, folder: Path) -> None:
    version = unsigned(world, folder)

    world.registry.sign(version, by=ANNA)

    assert world.registry.fetch(version)
    (row,) = world.catalog.audit_rows(action="signature.added")
    assert (row.actor, row.detail["reason"]) == (ANNA.actor, ANNA.reason)


def test_a_changed_version_is_not_signed(world: World, folder: Path) -> None:
    version = unsigned(world, folder)
    change_with_manifest(world.registry.compared(version).folder)

    with pytest.raises(Untrusted, match="is not the one of models:/small/1"):
        world.registry.sign(version, by=ANNA)


def test_a_person_who_signs_says_why(world: World, folder: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be signed without a reason"):
        world.registry.sign(unsigned(world, folder), by=By(actor="anna", reason=" "))


def test_a_new_key_signs_what_the_old_one_has_signed(world: World, folder: Path) -> None:
    version = world.register(folder)
    world.registry.fetch(version)
    world.keys.make(key=new_key(), name="new", replace=True)

    world.registry.sign(version, by=ANNA)
    world.keys.remove("own")

    found = world.registry.verified(version)
    assert found.key is not None
    assert found.key.name == "new"
    assert (found.folder / SIGNATURE_FILE).read_text() == world.catalog.signatures(version.bundle)[1].content


# Promoting


def promotions(world: World, version: Version) -> list[Signature]:
    return [one for one in world.catalog.signatures(version.bundle) if one.kind == "promotion"]


def test_a_promotion_moves_the_alias_and_leaves_a_signed_reason(world: World, folder: Path) -> None:
    version = world.register(folder)

    promoted = world.registry.promote("small", 1, expected=None, by=ANNA)

    assert promoted.aliases == ["champion"]
    assert [one.key for one in promotions(world, version)] == [world.signer.fingerprint]
    (row,) = world.catalog.audit_rows(action="alias.moved")
    assert (row.actor, row.detail["reason"]) == (ANNA.actor, ANNA.reason)


def test_a_champion_that_was_moved_meanwhile_is_left_alone_and_nothing_is_signed(
    world: World, make_folder: MakeFolder
) -> None:
    version = world.register(make_folder("one"))
    other = world.register(make_folder("two", **{"card.md": b"# 2\n"}))
    world.registry.promote("small", 1, expected=None, by=ANNA)

    with pytest.raises(Conflict, match="points at version 1; expected was that it does not exist"):
        world.registry.promote("small", 2, expected=None, by=ANNA)

    assert world.catalog.alias("small", "champion") == version.number
    assert promotions(world, other) == []


def test_a_promotion_needs_a_reason(world: World, folder: Path) -> None:
    world.register(folder)

    with pytest.raises(InvalidInput, match="cannot be promoted without a reason"):
        world.registry.promote("small", 1, expected=None, by=By(actor="anna"))
    assert world.catalog.alias("small", "champion") is None


def test_an_unsigned_version_is_not_promoted(world: World, folder: Path) -> None:
    version = unsigned(world, folder)

    with pytest.raises(Untrusted, match="is not signed"):
        world.registry.promote("small", 1, expected=None, by=ANNA)
    assert promotions(world, version) == []


def test_a_retired_version_is_not_promoted(world: World, folder: Path) -> None:
    version = world.register(folder)
    world.catalog.retire_version("small", 1)

    with pytest.raises(Conflict, match="was retired"):
        world.registry.promote("small", 1, expected=None, by=ANNA)
    assert promotions(world, version) == []


def test_the_champion_is_attested_anew_where_it_is(world: World, folder: Path) -> None:
    version = world.register(folder)
    world.catalog.move_alias("small", "champion", 1, expected=None)  # from before promotions were signed

    world.registry.promote("small", 1, expected=1, by=ANNA)

    assert len(promotions(world, version)) == 1
    assert world.catalog.alias("small", "champion") == 1


def test_a_registry_without_keys_promotes_without_signing(world: World, folder: Path) -> None:
    version = unsigned(world, folder)
    plain = Registry(world.catalog, world.registry.blobs, world.registry.cache)

    assert plain.promote("small", 1, expected=None, by=ANNA).aliases == ["champion"]
    assert world.catalog.signatures(version.bundle) == []
