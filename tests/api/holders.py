"""Keys, and servers that ask for them."""

from __future__ import annotations

from typing import Any

from dragoman.api.access import KeyAccess
from dragoman.api.keyring import Keyring
from dragoman.records import ApiKey, Role
from dragoman.registry.api_keys import new_secret, write_key

CREATED = "2026-01-01T00:00:00.000Z"


def made(role: Role = "caller", *models: str, id: str = "k000000001", **fields: Any) -> tuple[ApiKey, str]:
    """A key's record, and the key."""
    secret, digest = new_secret()
    key = ApiKey(id=id, name=f"the-{role}", role=role, models=list(models), digest=digest, created=CREATED, **fields)
    return key, write_key(id, secret)


def access_of(*keys: ApiKey) -> KeyAccess:
    return KeyAccess(Keyring(lambda: keys))


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}
