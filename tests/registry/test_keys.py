from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from dragoman.errors import InvalidInput, NotFound
from dragoman.registry.keys import (
    PASSPHRASE_VARIABLE,
    fingerprint_of,
    new_key,
    public_pem,
    read_private_key,
    read_public_key,
    write_private_key,
)


@pytest.fixture
def private(tmp_path: Path) -> Path:
    write_private_key(tmp_path / "signing.pem", new_key())
    return tmp_path / "signing.pem"


def pem_of(
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey,
    kind: serialization.PrivateFormat = serialization.PrivateFormat.PKCS8,
) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption())


def test_the_fingerprint_is_the_digest_of_the_public_file(tmp_path: Path) -> None:
    key = new_key().public_key()
    (tmp_path / "a.pub").write_bytes(public_pem(key))

    assert fingerprint_of(key) == hashlib.sha256((tmp_path / "a.pub").read_bytes()).hexdigest()
    assert fingerprint_of(read_public_key(tmp_path / "a.pub")) == fingerprint_of(key)


def test_a_private_key_is_written_for_its_owner_only(private: Path) -> None:
    assert private.stat().st_mode & 0o777 == 0o600
    assert private.read_bytes().startswith(b"-----BEGIN PRIVATE KEY-----")
    assert isinstance(read_private_key(private).curve, ec.SECP256R1)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o610])
def test_a_private_key_that_others_may_read_is_refused(mode: int, private: Path) -> None:
    private.chmod(mode)

    with pytest.raises(InvalidInput, match=f"open to others: its mode is {mode:04o}") as refusal:
        read_private_key(private)
    assert refusal.value.help == f"chmod 600 {private}"


def test_a_key_of_other_tools_is_read(tmp_path: Path) -> None:
    key = new_key()
    path = tmp_path / "ec.pem"
    path.write_bytes(pem_of(key, serialization.PrivateFormat.TraditionalOpenSSL))
    path.chmod(0o400)

    assert fingerprint_of(read_private_key(path).public_key()) == fingerprint_of(key.public_key())


def test_a_key_is_encrypted_with_the_passphrase_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, path = new_key(), tmp_path / "signing.pem"
    monkeypatch.setenv(PASSPHRASE_VARIABLE, "drei Wörter")

    write_private_key(path, key)

    assert path.read_bytes().startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
    assert fingerprint_of(read_private_key(path).public_key()) == fingerprint_of(key.public_key())


@pytest.mark.parametrize(("passphrase", "message"), [("", "is encrypted"), ("other", "cannot be read")])
def test_an_encrypted_key_needs_its_passphrase(
    passphrase: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PASSPHRASE_VARIABLE, "secret")
    write_private_key(tmp_path / "signing.pem", new_key())
    monkeypatch.setenv(PASSPHRASE_VARIABLE, passphrase)

    with pytest.raises(InvalidInput, match=message) as refusal:
        read_private_key(tmp_path / "signing.pem")
    assert PASSPHRASE_VARIABLE in refusal.value.help


def test_a_plain_key_is_read_whatever_the_passphrase(private: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSPHRASE_VARIABLE, "secret")

    assert read_private_key(private)


OTHER_KINDS = [ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65_537, 2_048)]


@pytest.mark.parametrize("key", OTHER_KINDS, ids=["P-384", "RSA"])
def test_another_kind_of_key_is_refused(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, tmp_path: Path) -> None:
    for name, data in (("private", pem_of(key)), ("public", public_pem(key.public_key()))):
        (tmp_path / name).write_bytes(data)
        (tmp_path / name).chmod(0o600)

    for read, name in ((read_private_key, "private"), (read_public_key, "public")):
        with pytest.raises(InvalidInput, match="another kind of key"):
            read(tmp_path / name)


@pytest.mark.parametrize("content", [b"", b"-----BEGIN PRIVATE KEY-----\n", b"\xff" * 40])
def test_a_file_that_is_no_key_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(content)
    (tmp_path / "key").chmod(0o600)

    for read in (read_private_key, read_public_key):
        with pytest.raises(InvalidInput):
            read(tmp_path / "key")


def test_a_private_key_is_not_taken_for_a_public_one(private: Path) -> None:
    with pytest.raises(InvalidInput, match="holds a private key"):
        read_public_key(private)


def test_a_missing_key_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="There is no signing key") as refusal:
        read_private_key(tmp_path / "none.pem")
    assert "dragoman keys signing" in refusal.value.help
    with pytest.raises(NotFound, match="There is no public key"):
        read_public_key(tmp_path / "none.pub")


def test_nobody_else_can_read_a_key_while_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    modes: list[int] = []
    chmod = os.fchmod
    monkeypatch.setattr(
        os, "fchmod", lambda number, mode: (modes.append(os.fstat(number).st_mode & 0o777), chmod(number, mode))
    )

    write_private_key(tmp_path / "signing.pem", new_key())

    assert modes == [0o600]
