"""Keys, a registry that asks for signatures, and the official tool."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from dragoman.records import By, Version
from dragoman.registry.keychain import Keychain
from dragoman.registry.registry import Registry
from dragoman.registry.signing import Signer
from dragoman.registry.trust import Trust
from dragoman.store.blobs import LocalBlobs
from dragoman.store.memory import MemoryCatalog

ANNA = By(actor="anna@example.com", reason="It answers better.")


class World(NamedTuple):
    """A place with keys of its own."""

    keys: Keychain
    registry: Registry

    @property
    def signer(self) -> Signer:
        return self.keys.signer

    @property
    def trust(self) -> Trust:
        return self.keys.trust

    @property
    def catalog(self) -> MemoryCatalog:
        return self.registry.catalog

    def register(self, folder: Path) -> Version:
        return self.registry.register(folder, run="run-1", owner="team@example.com", created="2026-01-01T00:00:00Z")


def make_world(root: Path, *, with_key: bool = True) -> World:
    catalog = MemoryCatalog()
    keys = Keychain(Signer(root / "state" / "signing.pem"), Trust(root / "keys"), catalog)
    if with_key:
        keys.make(name="own")
    blobs, cache = LocalBlobs(root / "blobs"), root / "cache"
    return World(keys, Registry(catalog, blobs, cache, signer=keys.signer, trust=keys.trust))


def official(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the official command line tool."""
    command = [sys.executable, "-m", "model_signing", *map(str, arguments)]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)


def spoil(path: Path, place: int = -1) -> None:
    """Change one byte."""
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)
