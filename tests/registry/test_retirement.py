from __future__ import annotations

from pathlib import Path

import pytest
from tests.registry.records import dataset, release, run
from tests.training.world import small_spec, train_small

from dragoman.errors import Conflict, InvalidInput, Untrusted
from dragoman.records import By, Version
from dragoman.registry.archive import read_archive
from dragoman.registry.keys import new_key, public_pem, write_private_key
from dragoman.registry.registry import Registry
from dragoman.registry.retirement import restore, retire
from dragoman.registry.signing import Signer
from dragoman.registry.trust import Trust
from dragoman.store.memory import MemoryBlobs, MemoryCatalog

BY = By(actor="ana", reason="nobody asks it any more")
ARCHIVE = "archive"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train_small(tmp_path_factory.mktemp("trained") / "run", small_spec(epochs=1)).folder


class Shop:
    """A registry with one version of a small model, its run and its data; signed if it has a key."""

    def __init__(self, root: Path, trained: Path, *, is_signed: bool = False) -> None:
        self.root = root
        self.registry = empty_registry(root, is_signed=is_signed)
        self.catalog = self.registry.catalog
        self.catalog.add_dataset_version(dataset())
        self.catalog.save_run(run())
        self.version = self.registry.register(trained, run="run-1", owner="o", created="2026-01-01")

    def retire(self, *servers: str, by: By = BY) -> Path:
        return retire(self.registry, self.version, archives=self.root / ARCHIVE, servers=servers, by=by)

    def now(self) -> Version:
        return self.catalog.version("small", 1)


def empty_registry(root: Path, *, is_signed: bool = False) -> Registry:
    if not is_signed:
        return Registry(MemoryCatalog(), MemoryBlobs(), root / "cache")
    write_private_key(root / "key.pem", key := new_key())
    (root / "keys").mkdir()
    (root / "keys" / "ours.pub").write_bytes(public_pem(key.public_key()))
    signer, trust = Signer(root / "key.pem"), Trust(root / "keys")
    return Registry(MemoryCatalog(), MemoryBlobs(), root / "cache", signer=signer, trust=trust)


@pytest.fixture
def shop(tmp_path: Path, trained: Path) -> Shop:
    return Shop(tmp_path, trained)


def test_a_version_that_nobody_uses_is_archived_and_retired(shop: Shop) -> None:
    path = shop.retire()

    assert path == shop.root / ARCHIVE / f"small-1-{shop.version.bundle[:12]}.tar.gz"
    assert shop.now().retired
    assert read_archive(path).version == shop.version


def test_the_archive_has_everything_that_was_recorded_of_the_version(shop: Shop) -> None:
    shop.catalog.move_alias("small", "old", 1, expected=None)
    shop.catalog.move_alias("small", "old", None, expected=1)
    found = read_archive(shop.retire())

    assert (found.run, found.dataset) == (run(), dataset())
    assert [row.action for row in found.audit] == ["version.registered", "alias.moved", "alias.removed"]


def test_the_audit_log_says_who_why_and_which_archive(shop: Shop) -> None:
    path = shop.retire()
    (row,) = shop.catalog.audit_rows(action="version.retired")

    assert (row.actor, row.detail["reason"]) == ("ana", BY.reason)
    assert row.detail["evidence"].startswith(f"{path.name} sha256:")


def test_everybody_who_uses_it_is_named_and_nothing_is_done(shop: Shop) -> None:
    shop.registry.blobs.put_bytes(b"other")
    shop.catalog.add_version(model="small", bundle="other", run="run-1", owner="o", created="2026-01-01")
    shop.catalog.move_alias("small", "champion", 1, expected=None)
    shop.catalog.save_release(release(status="canary", finished=""), expected=None, action="release.started")
    shop.version = shop.now()

    with pytest.raises(Conflict) as refused:
        shop.retire("the server http://a:8080 (process 7 on box)")

    assert refused.value.message == (
        "models:/small/1 is in use: the alias 'champion', the release rel-1 (canary), "
        "the server http://a:8080 (process 7 on box)."
    )
    assert not shop.now().retired
    assert not (shop.root / ARCHIVE).exists()


def test_without_a_reason_nothing_is_done(shop: Shop) -> None:
    with pytest.raises(InvalidInput, match="cannot be retired without a reason"):
        shop.retire(by=By(actor="ana", reason=" "))
    with pytest.raises(InvalidInput, match="cannot be restored without a reason"):
        restore(shop.registry, shop.retire(), by=By(actor="ana"))


def test_a_version_is_retired_once(shop: Shop) -> None:
    shop.retire()
    shop.version = shop.now()

    with pytest.raises(Conflict, match=r"models:/small/1 was retired on \d{4}-"):
        shop.retire()


def test_a_version_whose_files_were_changed_is_not_archived(shop: Shop) -> None:
    folder = shop.registry.look(shop.version).folder
    (folder / "card.md").write_text("other")

    with pytest.raises(Untrusted, match=r"'card\.md' was changed"):
        shop.retire()
    assert not shop.now().retired


def test_a_retired_version_is_looked_at_and_not_loaded(shop: Shop) -> None:
    shop.retire()

    assert shop.registry.resolve("small/1", retired=True).number == 1
    with pytest.raises(Conflict, match=r"models:/small/1 was retired on .*restore ARCHIVE"):
        shop.registry.resolve("small/1")


def test_a_restored_version_has_its_number_and_may_be_loaded_again(shop: Shop) -> None:
    found = restore(shop.registry, shop.retire(), by=BY)

    assert (found.number, found.bundle, found.retired) == (1, shop.version.bundle, "")
    assert shop.registry.resolve("small/1") == found
    assert shop.registry.open(found).manifest.model == "small"


def test_another_registry_gets_the_version_with_its_records(shop: Shop, tmp_path: Path) -> None:
    path = shop.retire()
    other = empty_registry(tmp_path / "other")
    found = restore(other, path, by=BY)

    assert (found.uri, found.bundle, found.created) == ("models:/small/1", shop.version.bundle, "2026-01-01")
    assert other.open(found).spec == small_spec(epochs=1)
    assert (other.catalog.run("run-1"), other.catalog.dataset_versions("small")) == (run(), [dataset()])
    (row,) = other.catalog.audit_rows(action="archive.restored")
    assert (row.subject, row.detail["archive"], row.detail["reason"]) == (found.uri, path.name, BY.reason)


def test_records_that_are_known_stay_as_they_are(shop: Shop, tmp_path: Path) -> None:
    path, other = shop.retire(), empty_registry(tmp_path / "other")
    other.catalog.save_run(run(status="failed"))
    other.catalog.add_dataset_version(dataset(digest="1" * 64))
    restore(other, path, by=BY)

    assert other.catalog.run("run-1").status == "failed"
    assert [one.digest for one in other.catalog.dataset_versions("small")] == ["1" * 64]


# Signatures


def test_signatures_go_into_the_archive_and_count_where_their_key_is_trusted(tmp_path: Path, trained: Path) -> None:
    shop = Shop(tmp_path, trained, is_signed=True)
    path = shop.retire()
    found = restore(shop.registry, path, by=BY)

    assert [one.kind for one in read_archive(path).signatures] == ["bundle"]
    assert shop.registry.verified(found).key is not None


def test_what_no_trusted_key_has_signed_is_not_restored(shop: Shop, tmp_path: Path, trained: Path) -> None:
    (tmp_path / "strict").mkdir()
    strict = empty_registry(tmp_path / "strict", is_signed=True)
    with pytest.raises(Untrusted, match="has no signature"):
        restore(strict, shop.retire(), by=BY)

    (tmp_path / "third").mkdir()
    foreign = Shop(tmp_path / "third", trained, is_signed=True)
    with pytest.raises(Untrusted):
        restore(strict, foreign.retire(), by=BY)
    assert strict.catalog.models() == []
