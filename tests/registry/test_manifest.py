from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.registry.conftest import FILES

from dragoman.errors import InvalidCheckpoint, Untrusted
from dragoman.registry.manifest import MANIFEST_FILE, digest_of, read_manifest, verify_folder, write_manifest


def test_a_manifest_names_every_file_with_its_digest_and_size(folder: Path) -> None:
    manifest = read_manifest(folder)

    assert (manifest.model, manifest.task) == ("small", "text-classification")
    assert {file.path: (file.digest, file.size) for file in manifest.files} == {
        path: (hashlib.sha256(content).hexdigest(), len(content)) for path, content in FILES.items()
    }


def test_an_untouched_folder_passes(folder: Path) -> None:
    assert verify_folder(folder) == read_manifest(folder)


def test_the_same_files_have_the_same_digest_anywhere(make_folder: Callable[..., Path]) -> None:
    one, other, changed = make_folder("one"), make_folder("other"), make_folder("changed", **{"card.md": b"# Small\n"})

    digests = [digest_of(read_manifest(folder)) for folder in (one, other, changed)]
    assert digests[0] == digests[1] != digests[2]


def test_the_digest_is_that_of_the_manifests_own_bytes(folder: Path) -> None:
    written = (folder / MANIFEST_FILE).read_bytes()

    assert digest_of(read_manifest(folder)) == hashlib.sha256(written).hexdigest()


def test_a_manifest_written_again_is_the_same(folder: Path) -> None:
    before = (folder / MANIFEST_FILE).read_bytes()

    write_manifest(folder, model="small", task="text-classification")

    assert (folder / MANIFEST_FILE).read_bytes() == before


@pytest.mark.parametrize("place", [0, 1, 2_560, 5_119])
def test_a_changed_byte_is_refused_and_named(place: int, folder: Path) -> None:
    data = bytearray((folder / "model.safetensors").read_bytes())
    data[place] ^= 1
    (folder / "model.safetensors").write_bytes(data)

    with pytest.raises(Untrusted, match=r"'model\.safetensors' was changed \(expected 5120 bytes"):
        verify_folder(folder)


@pytest.mark.parametrize("path", FILES)
def test_a_missing_file_is_refused_and_named(path: str, folder: Path) -> None:
    (folder / path).unlink()

    with pytest.raises(Untrusted, match=f"'{path}' is missing"):
        verify_folder(folder)


@pytest.mark.parametrize("path", ["new.txt", ".hidden", "deep/manifest.json"])
def test_an_added_file_is_refused_and_named(path: str, folder: Path) -> None:
    (folder / path).write_bytes(b"")

    with pytest.raises(Untrusted, match=f"'{path}' was added"):
        verify_folder(folder)


def test_every_difference_is_shown_at_once(folder: Path) -> None:
    (folder / "card.md").write_bytes(b"# Small\n")
    (folder / "model.safetensors").rename(folder / "model.bin")

    with pytest.raises(Untrusted) as refusal:
        verify_folder(folder)

    for difference in ("'card.md' was changed", "'model.safetensors' is missing", "'model.bin' was added"):
        assert difference in refusal.value.message
    assert "deep" not in refusal.value.message


def test_a_folder_without_a_manifest_is_no_complete_bundle(folder: Path) -> None:
    (folder / MANIFEST_FILE).unlink()

    with pytest.raises(InvalidCheckpoint, match=r"it has no manifest\.json"):
        verify_folder(folder)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"\xff", b'{"format": 1}', b'{"format":1,"model":"a","task":"b","files":[],"more":1}'],
)
def test_a_broken_manifest_is_refused(content: bytes, folder: Path) -> None:
    (folder / MANIFEST_FILE).write_bytes(content)

    with pytest.raises(Untrusted, match=r"manifest\.json is not a manifest"):
        verify_folder(folder)


def test_a_manifest_that_lists_less_is_refused(folder: Path) -> None:
    raw = json.loads((folder / MANIFEST_FILE).read_text())
    raw["files"] = [file for file in raw["files"] if file["path"] != "card.md"]
    (folder / MANIFEST_FILE).write_text(json.dumps(raw))

    with pytest.raises(Untrusted, match=r"'card\.md' was added"):
        verify_folder(folder)


def test_a_manifest_of_another_format_is_refused(folder: Path) -> None:
    raw = json.loads((folder / MANIFEST_FILE).read_text())
    (folder / MANIFEST_FILE).write_text(json.dumps(raw | {"format": 99}))

    with pytest.raises(Untrusted, match="99"):
        verify_folder(folder)
