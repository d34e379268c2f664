from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest
from tests.registry.signed_world import ANNA, World, make_world, spoil
from tests.training.world import small_spec, train_small

from dragoman.records import Release, Version
from dragoman.registry.examination import Examination, examine
from dragoman.registry.manifest import MANIFEST_FILE, SIGNATURE_FILE, write_manifest


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train_small(tmp_path_factory.mktemp("trained") / "run", small_spec(epochs=1)).folder


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path)


@pytest.fixture
def champion(world: World, trained: Path) -> Version:
    world.register(trained)
    return world.registry.promote("small", 1, expected=None, by=ANNA)


def second(world: World, trained: Path, tmp_path: Path) -> Version:
    """A version whose card is another."""
    folder = Path(shutil.copytree(trained, tmp_path / "second", ignore=shutil.ignore_patterns(MANIFEST_FILE)))
    (folder / "card.md").write_text("# another\n")
    write_manifest(folder, model="small", task="text-classification")
    return world.register(folder)


def wrong(found: Examination) -> dict[str, str]:
    return {check.what: check.text for check in found.checks if not check.ok}


def test_a_good_champion_passes_every_check(world: World, champion: Version) -> None:
    found = examine(world.registry, champion)

    assert found.ok
    assert [check.what for check in found.checks] == ["files", "signature", "tokenizer", "promotion", "champion"]
    assert [promotion.reason for promotion in found.promotions] == [ANNA.reason]


def test_the_texts_say_who_signed_and_who_promoted(world: World, champion: Version) -> None:
    texts = {check.what: check.text for check in examine(world.registry, champion).checks}

    assert texts["signature"].startswith(f"by own ({world.signer.fingerprint[:16]}…), 2026-01-01")
    assert f"{ANNA.actor}, as the first: {ANNA.reason}; signed by own" in texts["promotion"]


def test_changed_files_are_named_and_the_rest_is_looked_at_all_the_same(world: World, champion: Version) -> None:
    spoil(world.registry.fetch(champion) / "tokenizer.json")

    found = wrong(examine(world.registry, champion))

    assert found.keys() == {"files", "tokenizer"}
    assert "'tokenizer.json' was changed" in found["files"]


def test_a_missing_blob_is_told(world: World, champion: Version) -> None:
    shutil.rmtree(world.registry.blobs.root)

    assert wrong(examine(world.registry, champion)).keys() == {"files", "signature", "tokenizer"}


def test_a_strange_signature_beside_the_files_is_told(world: World, champion: Version) -> None:
    spoil(world.registry.fetch(champion) / SIGNATURE_FILE)

    assert "'model.sig' in" in wrong(examine(world.registry, champion))["signature"]


def test_with_its_key_a_promotion_loses_its_worth(world: World, champion: Version) -> None:
    world.keys.remove("own")

    found = examine(world.registry, champion)

    assert wrong(found).keys() == {"signature", "champion"}
    assert "does not count: the key" in found.checks[3].text
    assert found.promotions == []


def test_a_champion_under_a_new_key_is_good_when_it_is_signed_and_promoted_again(
    world: World, champion: Version
) -> None:
    world.keys.make(name="new", replace=True)
    world.registry.sign(champion, by=ANNA)
    world.keys.remove("own")
    assert wrong(examine(world.registry, champion)).keys() == {"champion"}

    world.registry.promote("small", 1, expected=1, by=ANNA)

    assert examine(world.registry, champion).ok


def test_a_changed_promotion_is_told(world: World, champion: Version) -> None:
    signature, promotion = world.catalog.signatures(champion.bundle)
    forged = msgspec.structs.replace(promotion, content=promotion.content.replace('"sig":"M', '"sig":"N'))
    world.catalog._signatures[champion.bundle] = [signature, forged]

    found = wrong(examine(world.registry, champion))

    assert found.keys() == {"promotion", "champion"}
    assert "does not fit what it is said to sign" in found["promotion"]


def test_a_champion_that_nobody_promoted_is_told(world: World, trained: Path) -> None:
    world.register(trained)
    world.catalog.move_alias("small", "champion", 1, expected=None)

    found = wrong(examine(world.registry, world.registry.resolve("small")))

    assert found == {"champion": "small@champion points here, and nobody signed a promotion"}


def test_an_alias_that_was_moved_back_in_secret_is_told(
    world: World, champion: Version, trained: Path, tmp_path: Path
) -> None:
    second(world, trained, tmp_path)
    world.registry.promote("small", 2, expected=1, by=ANNA)
    world.catalog.move_alias("small", "champion", 1, expected=2)

    found = wrong(examine(world.registry, world.registry.resolve("small")))

    assert found == {"champion": "small@champion points here, but the newest signed promotion is of version 2"}


def test_a_promotion_of_another_version_is_told(world: World, champion: Version, trained: Path, tmp_path: Path) -> None:
    other = second(world, trained, tmp_path)
    (stolen,) = (one for one in world.catalog.signatures(champion.bundle) if one.kind == "promotion")
    world.catalog.add_signature(msgspec.structs.replace(stolen, bundle=other.bundle))

    assert "is about another bundle" in wrong(examine(world.registry, other))["promotion"]


def test_the_findings_of_a_release_are_compared_with_the_signed_digest(world: World, trained: Path) -> None:
    world.register(trained)
    release = Release(
        id="r-1", model="small", champion=1, challenger=1, status="promoted", plan={}, languages=[], actor="anna",
        started="s", stepped="s",
    )  # fmt: skip
    world.catalog._releases["r-1"] = release
    version = world.registry.promote("small", 1, expected=None, by=ANNA, evidence=release)
    assert examine(world.registry, version).ok

    world.catalog._releases["r-1"] = msgspec.structs.replace(release, gates=[{"gate": "latency", "verdict": "pass"}])

    assert "are not those that were signed" in wrong(examine(world.registry, version))["promotion"]
