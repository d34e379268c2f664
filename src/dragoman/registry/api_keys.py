"""API keys: how one is made and read, and how keys come and go.

A key is `dgm_ID_SECRET`: digits and letters, so that a double click takes all of it. The secret has 256 random bits and
ends with a checksum, which tells a typing error from a key that is not known. Of the secret its SHA-256 is kept. A slow
hash protects words that people choose and attackers guess; nobody guesses 256 bits, and every request would pay for it.

This lies above the store, which keeps the records, and below whatever reads keys (`api`) or makes them (`cli`).
"""

from __future__ import annotations

import hashlib
import re
import secrets
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

import msgspec

from dragoman.errors import Conflict, InvalidInput, NotFound
from dragoman.records import ApiKey, By, Role
from dragoman.registry.uri import is_model_name
from dragoman.store.base import Catalog
from dragoman.store.refusals import key_was_revoked

__all__ = [
    "KeyParts",
    "KeyState",
    "NewKey",
    "add_key",
    "digest_of_secret",
    "find_key",
    "moment_of",
    "new_secret",
    "read_key",
    "revoke_key",
    "rotate_key",
    "state_of",
    "write_key",
]

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ID_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
PREFIX = "dgm_"
ID_LENGTH = 10
SECRET_BITS = 256
SECRET_LENGTH = 43  # of 256 bits to the base 62
CHECKSUM_LENGTH = 6  # of 32 bits
KEY = re.compile(
    rf"{PREFIX}(?P<id>[0-9a-z]{{{ID_LENGTH}}})_(?P<secret>[0-9A-Za-z]{{{SECRET_LENGTH}}})"
    rf"(?P<checksum>[0-9A-Za-z]{{{CHECKSUM_LENGTH}}})"
)
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9@._-]{0,63}")

KeyState = Literal["active", "expired", "revoked"]


class KeyParts(NamedTuple):
    """A key as it was read."""

    id: str
    secret: str


class NewKey(NamedTuple):
    """What is kept of a new key, and the key itself, which is kept nowhere."""

    key: ApiKey
    text: str


# The text of a key --------------------------------------------------------------------------------------------------


def new_secret() -> tuple[str, str]:
    """A secret, and its digest."""
    secret = in_base_62(secrets.randbits(SECRET_BITS), SECRET_LENGTH)
    return secret, digest_of_secret(secret)


def digest_of_secret(secret: str) -> str:
    """SHA-256, in hex."""
    return hashlib.sha256(secret.encode()).hexdigest()


def write_key(id: str, secret: str) -> str:
    """The key that a caller is given."""
    return f"{PREFIX}{id}_{secret}{checksum_of(id, secret)}"


def read_key(text: str) -> KeyParts:
    """The parts of a key. Raises `InvalidInput`, never with the key in it."""
    match = KEY.fullmatch(text)
    if match is None:
        raise InvalidInput(
            "The key has not the form of a key.", help="a key begins with dgm_ and has 64 characters; send all of it."
        )
    if match["checksum"] != checksum_of(match["id"], match["secret"]):
        raise InvalidInput("The key has a typing error: its last characters do not fit.", help="copy it again.")
    return KeyParts(match["id"], match["secret"])


def checksum_of(id: str, secret: str) -> str:
    return in_base_62(zlib.crc32(f"{id}_{secret}".encode()), CHECKSUM_LENGTH)


def in_base_62(number: int, length: int) -> str:
    found = []
    for _ in range(length):
        number, digit = divmod(number, len(DIGITS))
        found.append(DIGITS[digit])
    return "".join(reversed(found))


# Times --------------------------------------------------------------------------------------------------------------


def state_of(key: ApiKey, now: datetime) -> KeyState:
    if key.revoked:
        return "revoked"
    return "expired" if key.expires and now >= moment_of(key.expires) else "active"


def moment_of(time: str) -> datetime:
    return datetime.fromisoformat(time)


def written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


# Coming and going ---------------------------------------------------------------------------------------------------


def add_key(
    catalog: Catalog,
    *,
    role: Role,
    name: str,
    models: Sequence[str] = (),
    lifetime: timedelta | None = None,
    by: By | None = None,
) -> NewKey:
    """Make a key for some models, without any for all. Without a `lifetime` it counts until it is revoked.

    Raises `InvalidInput` for a name that cannot be one, and `Conflict` if a key of that name is active or has expired.
    """
    check_names(name, models)
    known, now = catalog.keys(), datetime.now(UTC)
    if any(one.name == name and not one.revoked for one in known):
        raise Conflict(f"There is a key '{name}' already.", help="rotate it, revoke it, or choose another name.")
    id, (secret, digest) = new_id({one.id for one in known}), new_secret()
    key = ApiKey(
        id=id,
        name=name,
        role=role,
        models=sorted(set(models)),
        digest=digest,
        created=written(now),
        expires=written(now + lifetime) if lifetime else "",
    )
    catalog.save_key(key, action="key.created", by=by)
    return NewKey(key, write_key(id, secret))


def revoke_key(catalog: Catalog, which: str, *, by: By | None = None) -> ApiKey:
    """Let a key, named by its id or its name, count no more. Raises `NotFound`, and `Conflict` if it was revoked."""
    key = refuse_revoked(find_key(catalog, which))
    revoked = msgspec.structs.replace(key, revoked=written(datetime.now(UTC)), previous="", previous_expires="")
    catalog.save_key(revoked, action="key.revoked", by=by)
    return revoked


def rotate_key(
    catalog: Catalog,
    which: str,
    *,
    grace: timedelta | None = None,
    lifetime: timedelta | None = None,
    by: By | None = None,
) -> NewKey:
    """Give a key a new secret; the old one counts for the time of `grace`. With a `lifetime` the key expires anew.

    Of several secrets only the last two can count. Raises `NotFound`, and `Conflict` if the key was revoked, or has
    expired and gets no new lifetime.
    """
    now = datetime.now(UTC)
    key = refuse_revoked(find_key(catalog, which))
    if lifetime is None and state_of(key, now) == "expired":
        raise Conflict(f"The key '{key.name}' expired at {key.expires}.", help="give it a new lifetime.")
    secret, digest = new_secret()
    rotated = msgspec.structs.replace(
        key,
        digest=digest,
        expires=written(now + lifetime) if lifetime else key.expires,
        previous=key.digest if grace else "",
        previous_expires=written(now + grace) if grace else "",
    )
    catalog.save_key(rotated, action="key.rotated", by=by)
    return NewKey(rotated, write_key(key.id, secret))


def find_key(catalog: Catalog, which: str) -> ApiKey:
    """The key of an id or a name, or the key as it was given out. A name that was used again means the key in use.

    Raises `NotFound`, and `InvalidInput` for a key with a typing error.
    """
    known = catalog.keys()
    which = read_key(which).id if which.startswith(PREFIX) else which
    named = sorted(
        (one for one in known if which in (one.id, one.name)), key=lambda one: (one.id == which, not one.revoked)
    )
    if named:
        return named[-1]
    there = ", ".join(sorted({one.name for one in known})) or "none"
    raise NotFound(f"There is no key '{which}'.", help=f"keys: {there}.")


def refuse_revoked(key: ApiKey) -> ApiKey:
    if key.revoked:
        raise key_was_revoked(key.name, key.revoked)
    return key


def check_names(name: str, models: Sequence[str]) -> None:
    if not NAME.fullmatch(name):
        raise InvalidInput(f"{name!r} cannot name a key.", help="use up to 64 letters, digits and the characters @._-")
    for model in models:
        if not is_model_name(model):
            raise InvalidInput(f"{model!r} cannot name a model.", help="use lower case, digits, '-' and '_'.")


def new_id(taken: set[str]) -> str:
    while (id := "".join(secrets.choice(ID_DIGITS) for _ in range(ID_LENGTH))) in taken:
        pass  # there are 36 ** 10
    return id
