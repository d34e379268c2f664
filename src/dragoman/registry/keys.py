"""Signing keys: elliptic curve P-256, as PEM files.

A key is named by its fingerprint: the SHA-256 of its public key in PEM, which is what a signature in the OpenSSF format
tells of its key. So `sha256sum keys/*.pub` shows the same names.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from dragoman.errors import InvalidInput, NotFound
from dragoman.store.files import atomic_file

__all__ = [
    "PASSPHRASE_VARIABLE",
    "PrivateKey",
    "PublicKey",
    "fingerprint_of",
    "new_key",
    "public_pem",
    "read_private_key",
    "read_public_key",
    "write_private_key",
]

PASSPHRASE_VARIABLE = "DRAGOMAN_SIGNING_PASSPHRASE"  # noqa: S105 (a name, no secret)
PRIVATE_MARK = b"PRIVATE KEY-----"
ENCRYPTED_MARK = b"ENCRYPTED"
OTHERS = 0o077  # what group and others may do with a file
OWNER_ONLY = 0o600

PrivateKey = ec.EllipticCurvePrivateKey
PublicKey = ec.EllipticCurvePublicKey


def new_key() -> PrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def read_private_key(path: Path) -> PrivateKey:
    """The private key in a PEM file; the passphrase of an encrypted one comes from `DRAGOMAN_SIGNING_PASSPHRASE`.

    Raises `NotFound`, and `InvalidInput` for a file that others may read, a wrong passphrase or another kind of key.
    """
    data = _read(path, f"There is no signing key at {path}.", help="`dragoman keys signing` makes one.")
    mode = path.stat().st_mode & 0o777
    if mode & OTHERS:
        raise InvalidInput(
            f"The private key {path} is open to others: its mode is {mode:04o}.", help=f"chmod 600 {path}"
        )
    key = _load_private(path, data)
    if not isinstance(key, PrivateKey) or not _is_p256(key.curve):
        raise _other_kind(path)
    return key


def _load_private(path: Path, data: bytes) -> object:
    passphrase = os.environ.get(PASSPHRASE_VARIABLE, "").encode() if ENCRYPTED_MARK in data else None
    if passphrase == b"":
        raise InvalidInput(f"The private key {path} is encrypted.", help=f"Set {PASSPHRASE_VARIABLE}.")
    try:
        return serialization.load_pem_private_key(data, passphrase)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        help = "Give a P-256 key in PEM: `dragoman keys signing` makes one."
        if passphrase is not None:
            help = f"{PASSPHRASE_VARIABLE} may be another one's."
        raise InvalidInput(f"The private key {path} cannot be read.", help=help) from None


def write_private_key(path: Path, key: PrivateKey) -> None:
    """Write a key in PKCS #8, for its owner only; encrypted if `DRAGOMAN_SIGNING_PASSPHRASE` is set."""
    passphrase = os.environ.get(PASSPHRASE_VARIABLE, "").encode()
    data = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption(),
    )
    with atomic_file(path, mode=OWNER_ONLY) as file:
        file.write(data)


def read_public_key(path: Path) -> PublicKey:
    """The public key in a PEM file. Raises `NotFound`, and `InvalidInput` for anything else."""
    data = _read(path, f"There is no public key at {path}.", help="Name a file in PEM.")
    if PRIVATE_MARK in data:
        raise InvalidInput(
            f"{path} holds a private key; a trusted key is a public one.",
            help="Move it away: `openssl pkey -in FILE -pubout` gives its public key.",
        )
    try:
        key = serialization.load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm):
        raise InvalidInput(f"{path} is not a public key.", help="Give a P-256 public key in PEM.") from None
    if not isinstance(key, PublicKey) or not _is_p256(key.curve):
        raise _other_kind(path)
    return key


def public_pem(key: PublicKey) -> bytes:
    """A public key as a file: PEM of its SubjectPublicKeyInfo."""
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def fingerprint_of(key: PublicKey) -> str:
    """The name of a key: 64 hex digits."""
    return hashlib.sha256(public_pem(key)).hexdigest()


def _read(path: Path, missing: str, *, help: str) -> bytes:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise NotFound(missing, help=help) from None
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}.", help="Look at its kind and mode.") from None


def _is_p256(curve: ec.EllipticCurve) -> bool:
    return isinstance(curve, ec.SECP256R1)


def _other_kind(path: Path) -> InvalidInput:
    return InvalidInput(
        f"{path} holds another kind of key; bundles are signed with elliptic curve P-256.",
        help="`dragoman keys signing` makes one; so does `openssl ecparam -name prime256v1 -genkey -noout`.",
    )
