from __future__ import annotations

from pathlib import Path

import pytest

from dragoman.errors import Conflict, InvalidInput, NotFound
from dragoman.registry.keys import fingerprint_of, new_key, public_pem, write_private_key
from dragoman.registry.trust import Trust

KEYS = [new_key().public_key() for _ in range(3)]


@pytest.fixture
def trust(tmp_path: Path) -> Trust:
    made = Trust(tmp_path / "keys")
    made.add(KEYS[0], name="ci")
    return made


def test_without_a_folder_nobody_is_trusted(tmp_path: Path) -> None:
    trust = Trust(tmp_path / "keys")

    assert trust.keys == []
    assert str(trust) == f"{tmp_path / 'keys'} trusts no key"


def test_a_key_is_a_file_with_its_name(trust: Trust) -> None:
    (key,) = trust.keys

    assert (key.name, key.fingerprint, key.path) == ("ci", fingerprint_of(KEYS[0]), trust.folder / "ci.pub")
    assert key.path.read_bytes() == public_pem(KEYS[0])
    assert key.path.stat().st_mode & 0o777 == 0o644


def test_files_put_there_by_hand_are_keys_too(trust: Trust) -> None:
    (trust.folder / "anna.pem").write_bytes(public_pem(KEYS[1]))
    (trust.folder / "README.md").write_text("who is who")

    assert [key.name for key in trust.keys] == ["anna", "ci"]


def test_a_key_that_is_trusted_keeps_its_name(trust: Trust) -> None:
    assert trust.add(KEYS[0], name="other").name == "ci"
    assert len(trust.keys) == 1


def test_a_key_without_a_name_is_named_after_its_fingerprint(trust: Trust) -> None:
    assert trust.add(KEYS[1]).name == f"key-{fingerprint_of(KEYS[1])[:8]}"


def test_two_keys_cannot_have_one_name(trust: Trust) -> None:
    with pytest.raises(Conflict, match="Another key is named 'ci'"):
        trust.add(KEYS[1], name="ci")


@pytest.mark.parametrize("name", ["../ci", ".ci", "a b", "a/b", "a" * 65])
def test_a_name_that_is_no_file_name_is_refused(name: str, trust: Trust) -> None:
    with pytest.raises(InvalidInput, match="cannot name a key"):
        trust.add(KEYS[1], name=name)


@pytest.mark.parametrize("wanted", ["ci", fingerprint_of(KEYS[0]), fingerprint_of(KEYS[0])[:8].upper()])
def test_a_removed_key_is_trusted_no_more(wanted: str, trust: Trust) -> None:
    trust.add(KEYS[1], name="anna")

    assert trust.remove(wanted).name == "ci"
    assert [key.name for key in trust.keys] == ["anna"]


@pytest.mark.parametrize("wanted", ["nobody", fingerprint_of(KEYS[0])[:7], fingerprint_of(KEYS[1])])
def test_an_unknown_key_cannot_be_removed(wanted: str, trust: Trust) -> None:
    with pytest.raises(NotFound, match="names no trusted key") as refusal:
        trust.remove(wanted)
    assert f"ci ({fingerprint_of(KEYS[0])[:16]}…)" in refusal.value.help


def test_a_private_key_among_the_trusted_ones_is_refused_by_name(trust: Trust) -> None:
    write_private_key(trust.folder / "mine.pem", new_key())

    with pytest.raises(InvalidInput, match=r"mine\.pem holds a private key"):
        _ = trust.keys
