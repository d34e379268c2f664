from __future__ import annotations

import errno
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.registry.conftest import FILES

from dragoman.errors import InvalidCheckpoint, NotFound, StorageFull, Untrusted
from dragoman.records import Version
from dragoman.registry.manifest import MANIFEST_FILE, digest_of, read_manifest
from dragoman.registry.registry import Registry
from dragoman.store.blobs import LocalBlobs
from dragoman.store.memory import MemoryBlobs, MemoryCatalog

MakeFolder = Callable[..., Path]


@pytest.fixture(params=["memory", "local"])
def registry(request: pytest.FixtureRequest, tmp_path: Path) -> Registry:
    blobs = MemoryBlobs() if request.param == "memory" else LocalBlobs(tmp_path / "blobs")
    return Registry(MemoryCatalog(), blobs, tmp_path / "cache")


@pytest.fixture
def local_registry(tmp_path: Path) -> Registry:
    return Registry(MemoryCatalog(), LocalBlobs(tmp_path / "blobs"), tmp_path / "cache")


def register(registry: Registry, folder: Path) -> Version:
    return registry.register(folder, run="run-1", owner="team@example.com", created="2026-01-01T00:00:00+00:00")


# Registering


def test_a_bundle_gets_the_first_number_and_its_digest_as_name(registry: Registry, folder: Path) -> None:
    version = register(registry, folder)

    assert (version.uri, version.run, version.owner) == ("models:/small/1", "run-1", "team@example.com")
    assert version.bundle == digest_of(read_manifest(folder))


def test_the_same_bundle_again_is_the_same_version(registry: Registry, make_folder: MakeFolder) -> None:
    first = register(registry, make_folder("one"))

    assert register(registry, make_folder("elsewhere")) == first
    assert registry.catalog.versions("small") == [first]


def test_another_bundle_is_the_next_version(registry: Registry, make_folder: MakeFolder) -> None:
    register(registry, make_folder("one"))

    assert register(registry, make_folder("two", **{"card.md": b"# other\n"})).number == 2
    assert register(registry, make_folder("other", model="other")).number == 1


def test_a_bundle_without_its_manifest_is_not_registered(registry: Registry, folder: Path) -> None:
    (folder / MANIFEST_FILE).unlink()

    with pytest.raises(InvalidCheckpoint, match="not a complete bundle"):
        register(registry, folder)
    assert registry.catalog.models() == []


def test_a_changed_bundle_is_not_registered(registry: Registry, folder: Path) -> None:
    (folder / "card.md").write_bytes(b"# Small\n")

    with pytest.raises(Untrusted, match=r"'card\.md' was changed"):
        register(registry, folder)
    assert registry.catalog.models() == []


@pytest.mark.parametrize("puts", [0, 1, 2])
def test_a_full_disk_while_registering_leaves_no_version(
    puts: int, registry: Registry, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_file, left = registry.blobs.put_file, [None] * puts

    def put_until_full(path: Path) -> str:
        if not left:
            raise StorageFull(f"No space left to write {path}.")
        left.pop()
        return put_file(path)

    with monkeypatch.context() as patch, pytest.raises(StorageFull):
        patch.setattr(registry.blobs, "put_file", put_until_full)
        register(registry, folder)
    assert registry.catalog.models() == []

    assert register(registry, folder).number == 1


# Finding


def test_a_version_is_found_by_number_alias_and_name(registry: Registry, make_folder: MakeFolder) -> None:
    register(registry, make_folder("one"))
    register(registry, make_folder("two", **{"card.md": b"# other\n"}))
    registry.catalog.move_alias("small", "champion", 1, expected=None)
    registry.catalog.move_alias("small", "challenger", 2, expected=None)

    found = [registry.resolve(uri).number for uri in ("models:/small/2", "small@challenger", "small", "small/1")]

    assert found == [2, 2, 1, 1]
    assert registry.resolve("small").aliases == ["champion"]


@pytest.mark.parametrize(
    ("uri", "message", "help"),
    [
        ("small/3", "no version 3", "version 1"),
        ("small", "no version with the alias 'champion'", "models:/small/1"),
        ("small@best", "no version with the alias 'best'", "models:/small/1"),
        ("smal", "'smal' has no version", "small"),
        ("smal/1", "'smal'", "train"),
    ],
)
def test_an_unknown_version_is_refused_with_those_there_are(
    uri: str, message: str, help: str, registry: Registry, folder: Path
) -> None:
    register(registry, folder)

    with pytest.raises(NotFound) as refusal:
        registry.resolve(uri)

    assert message in refusal.value.message
    assert help in refusal.value.help


def test_an_empty_registry_says_how_to_fill_it(registry: Registry) -> None:
    with pytest.raises(NotFound) as refusal:
        registry.resolve("small")

    assert "dragoman train" in refusal.value.help


# Fetching


def test_a_fetched_bundle_has_the_registered_bytes(registry: Registry, folder: Path) -> None:
    fetched = registry.fetch(register(registry, folder))

    assert {path: (fetched / path).read_bytes() for path in FILES} == FILES
    assert (fetched / MANIFEST_FILE).read_bytes() == (folder / MANIFEST_FILE).read_bytes()


def test_fetching_does_not_need_the_folder_it_came_from(registry: Registry, folder: Path) -> None:
    version = register(registry, folder)
    shutil.rmtree(folder)

    assert registry.fetch(version) == registry.fetch(version)
    assert [path.name for path in registry.cache.iterdir()] == [version.bundle]


def spoil_byte(folder: Path) -> None:
    data = bytearray((folder / "model.safetensors").read_bytes())
    data[100] ^= 1
    (folder / "model.safetensors").write_bytes(data)


def remove_file(folder: Path) -> None:
    (folder / "card.md").unlink()


def add_file(folder: Path) -> None:
    (folder / "new.txt").write_bytes(b"")


@pytest.mark.parametrize(
    ("spoil", "difference"),
    [
        (spoil_byte, "'model.safetensors' was changed"),
        (remove_file, "'card.md' is missing"),
        (add_file, "'new.txt' was added"),
    ],
)
def test_a_changed_folder_is_refused_and_never_repaired_quietly(
    spoil: Callable[[Path], None], difference: str, registry: Registry, folder: Path
) -> None:
    version = register(registry, folder)
    spoil(registry.fetch(version))

    for _ in range(2):
        with pytest.raises(Untrusted) as refusal:
            registry.fetch(version)
        assert difference in refusal.value.message


def test_a_removed_folder_is_unpacked_again(registry: Registry, folder: Path) -> None:
    version = register(registry, folder)
    shutil.rmtree(registry.fetch(version))

    assert (registry.fetch(version) / "card.md").read_bytes() == FILES["card.md"]


def test_another_bundle_in_the_folder_of_a_version_is_refused(registry: Registry, make_folder: MakeFolder) -> None:
    version = register(registry, make_folder("one"))
    other = make_folder("two", **{"card.md": b"# other\n"})
    shutil.rmtree(registry.fetch(version))
    shutil.copytree(other, registry.cache / version.bundle)

    with pytest.raises(Untrusted, match=r"is not the one of models:/small/1"):
        registry.fetch(version)


@pytest.mark.parametrize("part", ["manifest", "model.safetensors"])
def test_a_changed_blob_is_refused_and_leaves_no_folder(part: str, local_registry: Registry, folder: Path) -> None:
    version = register(local_registry, folder)
    files = {file.path: file.digest for file in read_manifest(folder).files}
    digest = files.get(part, version.bundle)
    blob = local_registry.blobs.root / digest[:2] / digest
    blob.chmod(0o644)
    blob.write_bytes(blob.read_bytes() + b" ")

    with pytest.raises(Untrusted, match=digest):
        local_registry.fetch(version)

    assert list(local_registry.cache.iterdir()) == []


def test_a_missing_blob_is_refused_and_leaves_no_folder(local_registry: Registry, folder: Path) -> None:
    version = register(local_registry, folder)
    shutil.rmtree(local_registry.blobs.root)

    with pytest.raises(NotFound, match=version.bundle):
        local_registry.fetch(version)

    assert list(local_registry.cache.iterdir()) == []


def test_a_full_disk_while_unpacking_leaves_no_folder(
    registry: Registry, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = register(registry, folder)
    copy_to = registry.blobs.copy_to

    def full_at_the_weights(digest: str, path: Path) -> None:
        if path.name == "model.safetensors":
            raise OSError(errno.ENOSPC, "No space left on device")
        copy_to(digest, path)

    with monkeypatch.context() as patch, pytest.raises(StorageFull, match="No space left to write"):
        patch.setattr(registry.blobs, "copy_to", full_at_the_weights)
        registry.fetch(version)
    assert list(registry.cache.iterdir()) == []

    assert (registry.fetch(version) / "model.safetensors").exists()


def test_a_folder_that_cannot_be_written_is_not_called_a_full_disk(
    registry: Registry, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = register(registry, folder)

    def refuse(digest: str, path: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(registry.blobs, "copy_to", refuse)
    with pytest.raises(PermissionError):
        registry.fetch(version)


def test_two_processes_may_unpack_at_once(registry: Registry, folder: Path) -> None:
    version = register(registry, folder)
    fetched = registry.fetch(version)

    registry._unpack(version.bundle, fetched)  # as if the other had begun before the folder was there

    assert registry.fetch(version) == fetched
    assert list(registry.cache.iterdir()) == [fetched]
