from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.registry.conftest import FILES
from tests.registry.signed_world import World, make_world, official, spoil

from dragoman.errors import InvalidInput, NotFound, Untrusted
from dragoman.registry.keys import new_key
from dragoman.registry.manifest import (
    MANIFEST_FILE,
    SIGNATURE_FILE,
    digest_of,
    read_manifest,
    verify_folder,
    write_manifest,
)
from dragoman.registry.signing import Signer, sign_bundle, verify_bundle, verify_signed_folder
from dragoman.registry.trust import Trust

CREATED = "2026-01-01T00:00:00Z"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path)


@pytest.fixture
def signed(folder: Path, world: World) -> Path:
    sign(folder, world.signer)
    return folder


def sign(folder: Path, signer: Signer) -> None:
    signature = sign_bundle(signer, verify_folder(folder), created=CREATED)
    (folder / SIGNATURE_FILE).write_text(signature.content)


def official_verify(folder: Path, world: World) -> subprocess.CompletedProcess[str]:
    key = world.trust.keys[0].path
    return official("verify", "key", folder, "--signature", folder / SIGNATURE_FILE, "--public_key", key)


# The official tool


def test_the_official_tool_accepts_what_is_signed_here_until_a_byte_changes(signed: Path, world: World) -> None:
    done = official_verify(signed, world)
    assert (done.returncode, done.stdout.strip()) == (0, "Verification succeeded"), done.stderr

    spoil(signed / "model.safetensors", 100)

    assert official_verify(signed, world).returncode == 1
    with pytest.raises(Untrusted, match=r"'model\.safetensors' was changed"):
        verify_signed_folder(signed, world.trust)


def test_what_the_official_tool_signs_is_accepted_until_a_byte_changes(folder: Path, world: World) -> None:
    signature, key = folder / SIGNATURE_FILE, world.signer.path
    done = official("sign", "key", folder, "--signature", signature, "--private_key", key)
    assert done.returncode == 0, done.stderr

    found = verify_signed_folder(folder, world.trust)
    assert (found.manifest, found.key.name) == (read_manifest(folder), "own")

    spoil(folder / "card.md")
    with pytest.raises(Untrusted, match=r"'card\.md' was changed"):
        verify_signed_folder(folder, world.trust)


@pytest.mark.parametrize("part", ["payload", "sig"])
def test_the_official_tool_and_this_one_refuse_the_same_signatures(part: str, signed: Path, world: World) -> None:
    raw = json.loads((signed / SIGNATURE_FILE).read_text())
    holder = {"payload": raw["dsseEnvelope"], "sig": raw["dsseEnvelope"]["signatures"][0]}[part]
    holder[part] = base64.b64encode(b" " + base64.b64decode(holder[part])).decode()
    (signed / SIGNATURE_FILE).write_text(json.dumps(raw))

    assert official_verify(signed, world).returncode == 1
    with pytest.raises(Untrusted, match="does not fit"):
        verify_signed_folder(signed, world.trust)


# The signature


def test_a_signature_covers_every_file_and_the_manifest(signed: Path) -> None:
    envelope = json.loads((signed / SIGNATURE_FILE).read_text())["dsseEnvelope"]
    statement = json.loads(base64.b64decode(envelope["payload"]))

    assert {one["name"] for one in statement["predicate"]["resources"]} == FILES.keys() | {MANIFEST_FILE}
    assert statement["predicate"]["serialization"]["ignore_paths"] == [SIGNATURE_FILE]


def test_signing_does_not_change_the_digest_of_a_bundle(signed: Path) -> None:
    before = digest_of(read_manifest(signed))

    assert digest_of(verify_folder(signed)) == before
    assert digest_of(write_manifest(signed, model="small", task="text-classification")) == before


def test_a_signature_names_the_bundle_and_the_key(folder: Path, world: World) -> None:
    signature = sign_bundle(world.signer, read_manifest(folder), created=CREATED)

    assert (signature.bundle, signature.kind) == (digest_of(read_manifest(folder)), "bundle")
    assert (signature.key, signature.created) == (world.trust.keys[0].fingerprint, CREATED)


def test_a_signature_of_another_bundle_shows_the_difference(make_folder: Callable[..., Path], world: World) -> None:
    mine, other = make_folder("mine"), make_folder("other", **{"card.md": b"# other\n", "more.txt": b"more"})
    content = sign_bundle(world.signer, read_manifest(other), created=CREATED).content

    with pytest.raises(Untrusted, match="is not what own") as refusal:
        verify_bundle(content, read_manifest(mine), world.trust, of="models:/small/1")

    for part in ("'card.md' was changed (expected sha256", "; found 8 bytes", "'more.txt' is missing"):
        assert part in refusal.value.message
    assert "model.safetensors" not in refusal.value.message


# Folders


def change_weights(folder: Path) -> None:
    spoil(folder / "model.safetensors")


def change_weights_and_manifest(folder: Path) -> None:
    spoil(folder / "model.safetensors")
    write_manifest(folder, model="small", task="text-classification")


def add_file(folder: Path) -> None:
    (folder / "new.py").write_text("import os")


def add_file_and_manifest(folder: Path) -> None:
    add_file(folder)
    write_manifest(folder, model="small", task="text-classification")


def remove_file(folder: Path) -> None:
    (folder / "card.md").unlink()


def remove_file_and_manifest(folder: Path) -> None:
    remove_file(folder)
    write_manifest(folder, model="small", task="text-classification")


def reformat_manifest(folder: Path) -> None:
    (folder / MANIFEST_FILE).write_text(json.dumps(json.loads((folder / MANIFEST_FILE).read_text())))


def rename_model(folder: Path) -> None:
    write_manifest(folder, model="large", task="text-classification")


def remove_signature(folder: Path) -> None:
    (folder / SIGNATURE_FILE).unlink()


def truncate_signature(folder: Path) -> None:
    content = (folder / SIGNATURE_FILE).read_bytes()
    (folder / SIGNATURE_FILE).write_bytes(content[: len(content) // 2])


def garble_signature(folder: Path) -> None:
    (folder / SIGNATURE_FILE).write_bytes(b"\xff\x00")


def link_file(folder: Path) -> None:
    (folder / "card.md").rename(folder.parent / "card.md")
    (folder / "card.md").symlink_to(folder.parent / "card.md")


def link_folder(folder: Path) -> None:
    (folder / "more").symlink_to(folder.parent)


def link_signature(folder: Path) -> None:
    (folder / SIGNATURE_FILE).rename(folder.parent / "there.sig")
    (folder / SIGNATURE_FILE).symlink_to(folder.parent / "there.sig")


@pytest.mark.parametrize(
    ("tamper", "message"),
    [
        (change_weights, "'model.safetensors' was changed (expected 5120 bytes, sha256"),
        (change_weights_and_manifest, "'model.safetensors' was changed (expected sha256"),
        (add_file, "'new.py' was added (9 bytes, sha256"),
        (add_file_and_manifest, "'new.py' was added (9 bytes, sha256"),
        (remove_file, "'card.md' is missing (8 bytes, sha256"),
        (remove_file_and_manifest, "'card.md' is missing (sha256"),
        (reformat_manifest, "'manifest.json' was changed (expected sha256"),
        (rename_model, "'manifest.json' was changed (expected sha256"),
        (remove_signature, "is not signed: it has no model.sig"),
        (truncate_signature, "is not a Sigstore bundle"),
        (garble_signature, "is not a Sigstore bundle"),
        (link_file, "holds 'card.md', which is a link"),
        (link_folder, "holds 'more', which is a link"),
        (link_signature, "holds 'model.sig', which is a link"),
    ],
)
def test_what_was_done_to_a_folder_is_named(
    tamper: Callable[[Path], None], message: str, signed: Path, world: World
) -> None:
    assert verify_signed_folder(signed, world.trust).key.name == "own"

    tamper(signed)

    with pytest.raises(Untrusted) as refusal:
        verify_signed_folder(signed, world.trust)
    assert message in refusal.value.message


def test_every_difference_is_shown_at_once(signed: Path, world: World) -> None:
    spoil(signed / "card.md")
    add_file(signed)
    write_manifest(signed, model="small", task="text-classification")

    with pytest.raises(Untrusted) as refusal:
        verify_signed_folder(signed, world.trust)

    for path in ("'card.md' was changed", "'new.py' was added", "'manifest.json' was changed"):
        assert path in refusal.value.message


def test_a_signature_by_an_unknown_key_is_refused_by_its_fingerprint(
    signed: Path, world: World, tmp_path: Path
) -> None:
    stranger = make_world(tmp_path / "elsewhere")
    sign(signed, stranger.signer)

    with pytest.raises(Untrusted, match=f"is signed by a key that is not trusted: {stranger.signer.fingerprint}"):
        verify_signed_folder(signed, world.trust)
    assert verify_signed_folder(signed, stranger.trust)


def test_a_copy_under_another_name_is_as_good(signed: Path, world: World, tmp_path: Path) -> None:
    copy = shutil.copytree(signed, tmp_path / "elsewhere" / "copy")

    assert verify_signed_folder(copy, world.trust).key.name == "own"


def test_every_file_is_read_once(signed: Path, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from dragoman.registry import manifest

    read: list[str] = []
    describe = manifest._describe
    monkeypatch.setattr(manifest, "_describe", lambda path, base: (read.append(path.name), describe(path, base))[1])

    verify_signed_folder(signed, world.trust)

    assert sorted(read) == sorted(Path(path).name for path in FILES)


# The signer


def test_a_signer_without_its_key_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as refusal:
        Signer(tmp_path / "none.pem").sign(b"{}")
    assert "dragoman keys signing" in refusal.value.help


def test_a_signer_whose_key_is_open_to_others_does_not_sign(world: World) -> None:
    world.signer.path.chmod(0o644)

    with pytest.raises(InvalidInput, match="open to others"):
        world.signer.sign(b"{}")


def test_a_replaced_key_signs_at_once(folder: Path, world: World) -> None:
    before = world.signer.fingerprint
    world.keys.make(key=new_key(), replace=True)

    assert sign_bundle(world.signer, read_manifest(folder), created=CREATED).key != before
    assert len(Trust(world.trust.folder).keys) == 2
