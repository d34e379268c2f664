"""The public keys whose signatures are believed: the files of a folder."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from dragoman.errors import Conflict, InvalidInput, NotFound
from dragoman.registry.keys import PublicKey, fingerprint_of, public_pem, read_public_key
from dragoman.store.files import write_atomically

__all__ = ["Trust", "TrustedKey", "short"]

SUFFIXES = (".pem", ".pub")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
LEAST_PREFIX = 8  # hex digits that may stand for a fingerprint


class TrustedKey(NamedTuple):
    """A public key with its name, which is that of its file."""

    name: str
    fingerprint: str
    key: PublicKey
    path: Path

    def __str__(self) -> str:
        return f"{self.name} ({short(self.fingerprint)})"


class Trust:
    """A folder of public keys, `NAME.pub` or `NAME.pem`. It is read each time: a key taken out counts no more."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __str__(self) -> str:
        return f"{self.folder} trusts {', '.join(map(str, self.keys)) or 'no key'}"

    @property
    def keys(self) -> list[TrustedKey]:
        """All keys by name; none without the folder. Raises `InvalidInput` for a file that is no public key."""
        if not self.folder.is_dir():
            return []
        return [_read(path) for path in sorted(self.folder.iterdir()) if path.suffix in SUFFIXES]

    def find(self, fingerprint: str) -> TrustedKey | None:
        return next((key for key in self.keys if key.fingerprint == fingerprint), None)

    def add(self, key: PublicKey, *, name: str = "") -> TrustedKey:
        """Believe a key from now on; one that is believed already keeps its name.

        Raises `InvalidInput` for a name that no file can have, and `Conflict` if another key has it.
        """
        fingerprint = fingerprint_of(key)
        if found := self.find(fingerprint):
            return found
        path = self._path(name or f"key-{fingerprint[:8]}")
        write_atomically(path, public_pem(key))
        return _read(path)

    def remove(self, wanted: str) -> TrustedKey:
        """Believe a key no more, named by its name or the first digits of its fingerprint. Raises `NotFound`."""
        keys = self.keys
        found = [key for key in keys if key.name == wanted]
        if not found and len(wanted) >= LEAST_PREFIX:
            found = [key for key in keys if key.fingerprint.startswith(wanted.lower())]
        if len(found) != 1:
            raise NotFound(f"'{wanted}' names no trusted key, or several.", help=f"{self}.")
        found[0].path.unlink()
        return found[0]

    def _path(self, name: str) -> Path:
        if not NAME.fullmatch(name):
            raise InvalidInput(f"'{name}' cannot name a key.", help="Use letters, digits, '.', '_', '@' and '-'.")
        if name in (key.name for key in self.keys):
            raise Conflict(f"Another key is named '{name}'.", help=f"{self}.")
        return self.folder / f"{name}.pub"


def short(fingerprint: str) -> str:
    """The first digits: enough for a person to tell keys apart."""
    return f"{fingerprint[:16]}…"


def _read(path: Path) -> TrustedKey:
    key = read_public_key(path)
    return TrustedKey(path.stem, fingerprint_of(key), key, path)
